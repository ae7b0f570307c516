"""The worker: does queued work, keeps the clocks. A child of `serve`; `python -m lodeline_server.config.worker`."""

from __future__ import annotations

import os
import threading
import time

HEARTBEAT = "worker.heartbeat"
TICK = 5.0
POLL = 0.2


def _clocks() -> None:
    import structlog
    from django.conf import settings
    from django.db import close_old_connections, connection

    from lodeline_server.kit import scheduler
    from lodeline_server.kit.clock import now

    logger = structlog.get_logger(__name__)
    while True:
        try:
            (settings.DATA / HEARTBEAT).write_text(now().isoformat())
            if started := scheduler.enqueue_due(now()):
                logger.info("clocks", enqueued=started)
            scheduler.tick(now())
        except Exception:
            logger.exception("clocks")  # the next tick tries again; the worker itself goes on
        finally:
            close_old_connections()
            connection.close()
        time.sleep(TICK)


def _leave_with_parent() -> None:
    """A worker without its server would hold the queue for nobody."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), 15)


def main() -> None:
    from lodeline_server.kit import setup

    setup.django()
    from django_tasks_db.management.commands.db_worker import Worker

    from lodeline_server.events.processing import process_pending
    from lodeline_server.events.subscriptions import running
    from lodeline_server.kit.clock import now
    from lodeline_server.log import after

    after.in_background()
    running.in_background()
    process_pending(now=now())  # what a crash left behind
    for target in (_clocks, _leave_with_parent):
        threading.Thread(target=target, daemon=True).start()
    worker = Worker(
        queue_names=["*"],
        interval=POLL,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"lodeline-{os.getpid()}",
        excluded_queue_names=[],
    )
    worker.configure_signals()
    try:
        worker.run()
    finally:
        after.finish()


if __name__ == "__main__":
    main()
