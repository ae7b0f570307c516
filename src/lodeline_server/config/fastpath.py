"""Published bytes in front of Django: one key lookup, no session, no resolver, no ORM.

Only addresses under which bytes are published, only GET and HEAD. A request with a cookie or an authorization, with a
query, or for something that is not there goes on to Django, whose view sends the same bytes: this never decides about
permission. Each thread keeps one read-only connection; every lookup is a transaction of its own, so nothing is stale.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from lodeline_server.publishing import serving
from lodeline_server.publishing.serving import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PREFIXES: Final = ("/01/", "/log/")
TABLE: Final = "publishing_published"
ITEM: Final = "/21/"
GTIN: Final = 14
BUSY_SECONDS: Final = 5.0
MAPPED: Final = 256 * 1024 * 1024


def statement(column: str, mark: str, *, typed: bool) -> str:
    """The one query. `column`: body or gzip; `mark`: the engine's placeholder."""
    where = f"WHERE key = {mark} AND audience = 'public'" + (f" AND media_type = {mark}" if typed else "")
    return f"SELECT media_type, etag, kind, status, {column} FROM {TABLE} {where} LIMIT 1"  # noqa: S608 - constants


class Lookup:
    """Finds a published form with a connection per thread. `find` raises nothing: what fails is Django's to tell."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._local = threading.local()
        self._sqlite = settings["ENGINE"].endswith("sqlite3")
        mark = "?" if self._sqlite else "%s"
        self._queries = {
            (typed, gzip): statement("gzip" if gzip else "body", mark, typed=typed)
            for typed in (False, True)
            for gzip in (False, True)
        }
        self._errors: tuple[type[Exception], ...] = (sqlite3.Error,)
        if not self._sqlite:
            import psycopg

            self._errors = (psycopg.Error,)

    def find(self, key: str, media_type: str, *, gzip: bool) -> Form | None:
        """The form, compressed when `gzip`. An empty media type takes whichever there is."""
        query = self._queries[bool(media_type), gzip]
        values = (key, media_type) if media_type else (key,)
        for _ in range(2):  # a connection may have died since the last request
            try:
                run = self._local.__dict__.get("run") or self._connect()
                rows = run(query, values)
            except self._errors:
                self._forget()
                continue
            if not rows:
                return None
            found, etag, kind, status, body = rows[0]
            return Form(found, etag, kind, status, gzip, body)
        return None

    def _connect(self) -> Callable[[str, tuple[str, ...]], list[Any]]:
        connection, run = self._open_sqlite() if self._sqlite else self._open_postgres()
        self._local.connection, self._local.run = connection, run
        return run

    def _open_sqlite(self) -> tuple[Any, Callable[[str, tuple[str, ...]], list[Any]]]:
        name = str(self._settings["NAME"])
        address = name if name.startswith("file:") else f"file:{quote(name)}?mode=rw"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA mmap_size = {MAPPED}")

        def run(query: str, values: tuple[str, ...]) -> list[Any]:
            # All rows: a statement that is not run to its end would keep its snapshot, and answer from it.
            return connection.execute(query, values).fetchall()

        return connection, run

    def _open_postgres(self) -> tuple[Any, Callable[[str, tuple[str, ...]], list[Any]]]:
        import psycopg

        settings = self._settings
        parts = {
            "dbname": settings["NAME"],
            "user": settings["USER"],
            "password": settings["PASSWORD"],
            "host": settings["HOST"],
            "port": settings["PORT"],
        }
        connection = psycopg.connect(
            **{name: value for name, value in parts.items() if value},
            autocommit=True,
            options="-c default_transaction_read_only=on",
        )
        cursor = connection.cursor(binary=True)

        def run(query: str, values: tuple[str, ...]) -> list[Any]:
            return cursor.execute(query, values, prepare=True).fetchall()

        return connection, run

    def _forget(self) -> None:
        connection = self._local.__dict__.pop("connection", None)
        self._local.__dict__.pop("run", None)
        if connection is not None:
            connection.close()


class FastPath:
    """The WSGI application in front of `application`."""

    def __init__(self, application: WSGIApplication, lookup: Lookup) -> None:
        self._application, self._lookup = application, lookup

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from published bytes, or hand the request on untouched."""
        if environ["PATH_INFO"].startswith(PREFIXES):
            found = self._answer(environ)
            if found is not None:
                status, headers, body = found
                start_response(serving.STATUS.get(status, f"{status} Published"), headers)
                return (b"",) if environ["REQUEST_METHOD"] == "HEAD" else (body,)
        return self._application(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> tuple[int, serving.Headers, bytes] | None:
        get = environ.get
        if (
            environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
            or get("QUERY_STRING")
            or get("HTTP_COOKIE") is not None
            or get("HTTP_AUTHORIZATION") is not None
            or get("SCRIPT_NAME")
        ):
            return None
        path = environ["PATH_INFO"]
        if not path.isascii():
            try:
                path = path.encode("latin-1").decode()
            except UnicodeError:
                return None
        if path.startswith("/01/") and not is_passport(path):
            return None
        gzip = serving.takes_gzip(get("HTTP_ACCEPT_ENCODING", ""))
        for key, media_types in serving.wanted(path, get("HTTP_ACCEPT", "")):
            for media_type in ("",) if media_types is None else media_types:
                form = self._lookup.find(key, media_type, gzip=gzip)
                if form is not None:
                    return serving.answer(
                        form,
                        negotiated=serving.offered(path) is not None,
                        if_none_match=get("HTTP_IF_NONE_MATCH", ""),
                    )
        return None


def is_passport(path: str) -> bool:
    """`/01/{14 digits}/21/{serial}`, already unescaped: the serial may hold anything."""
    gtin, mark = path[4 : 4 + GTIN], path[4 + GTIN : 4 + GTIN + len(ITEM)]
    return mark == ITEM and gtin.isascii() and gtin.isdigit() and len(path) > 4 + GTIN + len(ITEM)
