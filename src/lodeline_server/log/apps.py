from datetime import timedelta

from django.apps import AppConfig


class LogConfig(AppConfig):
    name = "lodeline_server.log"
    label = "log"

    def ready(self) -> None:
        from lodeline_server.kit import audit
        from lodeline_server.kit.context import offer_log_size
        from lodeline_server.kit.scheduler import Clock, at_tick, register
        from lodeline_server.log import after, notebook
        from lodeline_server.log.auditing.outbox import OUTBOX
        from lodeline_server.log.auditing.sequencer import sequence
        from lodeline_server.log.auditing.tasks import cross
        from lodeline_server.log.queries import size
        from lodeline_server.log.tasks import follow

        register(Clock(name="follow the log", task=follow, every=timedelta(minutes=10)))
        offer_log_size(size)
        audit.offer(OUTBOX)
        after.offer("copy of the checkpoint", notebook.copy_to_file)
        at_tick("sequence the audit trail", sequence)
        register(Clock(name="cross the two books", task=cross, every=timedelta(hours=1)))
