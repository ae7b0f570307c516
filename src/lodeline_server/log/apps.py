from datetime import timedelta

from django.apps import AppConfig


class LogConfig(AppConfig):
    name = "lodeline_server.log"
    label = "log"

    def ready(self) -> None:
        from lodeline_server.kit import audit
        from lodeline_server.kit.context import offer_log_size
        from lodeline_server.kit.scheduler import Clock, register
        from lodeline_server.log import after, notebook
        from lodeline_server.log.auditing.outbox import OUTBOX
        from lodeline_server.log.queries import size
        from lodeline_server.log.tasks import follow

        register(Clock(name="follow the log", task=follow, every=timedelta(minutes=10)))
        offer_log_size(size)
        audit.offer(OUTBOX)
        after.offer("copy of the checkpoint", notebook.copy_to_file)
