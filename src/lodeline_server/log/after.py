"""What is done after a book has moved and its transaction is on disk: files, copies, calls for anchors.

Never inside the transaction, and nothing here can fail it: what goes wrong is logged and caught up with later. A
server does it on a thread of its own, so that no capture waits and many moves share one round; a command does it
before it goes on.
"""

from __future__ import annotations

import atexit
import threading
from multiprocessing import util
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline_server.log.books import Book

PAUSE = 0.5  # seconds in which moves are gathered
logger = structlog.get_logger(__name__)
_offered: dict[str, Callable[[Book], object]] = {}
_thread: _Rounds | None = None


def offer(name: str, function: Callable[[Book], object]) -> None:
    """Called from an app's `ready()`; `function` gets the book that moved."""
    _offered[name] = function


def moved(book: Book) -> None:
    """Call all that was offered, now or on the thread."""
    if _thread is None:
        _round(book)
    else:
        _thread.ask(book)


def in_background() -> None:
    """From now on, do it on a thread; what is open at the end of the process is done then."""
    global _thread  # noqa: PLW0603 - one per process
    if _thread is None:
        _thread = _Rounds()
        _thread.start()
        atexit.register(_thread.finish)
        util.Finalize(None, _thread.finish, exitpriority=100)  # the server's workers leave without atexit


def finish() -> None:
    """Do what is open now, while threads can still be started: at the end of a process it is late for that."""
    if _thread is not None:
        _thread.finish()


def _round(book: Book) -> None:
    for name, function in _offered.items():
        try:
            function(book)
        except Exception:
            logger.exception("after the log moved", step=name, book=book.name)


class _Rounds(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="after the log moved", daemon=True)
        self.open: set[Book] = set()
        self.turn = threading.Condition()
        self.ended = threading.Event()

    def ask(self, book: Book) -> None:
        with self.turn:
            self.open.add(book)
            self.turn.notify()

    def run(self) -> None:
        from django.db import close_old_connections, connection

        while not self.ended.is_set():
            with self.turn:
                while not self.open and not self.ended.is_set():
                    self.turn.wait()
            self.ended.wait(PAUSE)
            close_old_connections()
            self._work()
        connection.close()

    def _work(self) -> None:
        with self.turn:
            books, self.open = self.open, set()
        for book in books:
            _round(book)

    def finish(self) -> None:
        self.ended.set()
        with self.turn:
            self.turn.notify()
        self.join(timeout=30)
        self._work()
