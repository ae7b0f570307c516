from datetime import timedelta

from django.apps import AppConfig


class LogConfig(AppConfig):
    name = "lodeline_server.log"
    label = "log"

    def ready(self) -> None:
        from lodeline_server.kit import audit
        from lodeline_server.kit.context import offer_log_size
        from lodeline_server.kit.scheduler import Clock, at_tick, register
        from lodeline_server.log import after, files, notebook
        from lodeline_server.log.anchoring.tasks import anchor
        from lodeline_server.log.auditing.outbox import OUTBOX
        from lodeline_server.log.auditing.sequencer import sequence
        from lodeline_server.log.auditing.tasks import cross
        from lodeline_server.log.queries import size
        from lodeline_server.log.tasks import follow
        from lodeline_server.log.tasks_erasure import finish_erasures
        from lodeline_server.log.tasks_witness import after_moved, ask_witnesses

        register(Clock(name="finish erasures", task=finish_erasures, every=timedelta(hours=1)))
        register(Clock(name="follow the log", task=follow, every=timedelta(minutes=10)))
        offer_log_size(size)
        audit.offer(OUTBOX)
        at_tick("sequence the audit trail", sequence)
        register(Clock(name="cross the two books", task=cross, every=timedelta(hours=1)))
        after.offer("copy of the checkpoint", notebook.copy_to_file)
        after.offer("checkpoint at its address", notebook.publish_newest)
        after.offer("static files", files.offered)
        at_tick("static files", files.catch_up)
        register(Clock(name="anchor the checkpoints", task=anchor, every=timedelta(minutes=5)))
        register(Clock(name="ask the witnesses", task=ask_witnesses, every=timedelta(minutes=10)))
        after.offer("ask the witnesses", after_moved)
