"""A time-stamping authority over real HTTP, on loopback, with a word for each way it can misbehave."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.core.log.tsa import Authority

from lodeline_server.kit.clock import now

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class Served:
    """`queries`: the bodies that came. `time`: its clock, a function. `lie`: keywords of `Authority.answer`.

    `status`, `media_type`, `body` replace what is sent; `on_query` is called before anything is answered.
    """

    def __init__(self):
        self.authority = Authority()
        self.queries, self.lie = [], {}
        self.time = now
        self.status, self.media_type, self.body, self.headers = 200, REPLY, None, {}
        self.on_query = lambda body: None
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == QUERY
                served.queries.append(body)
                served.on_query(body)
                reply = served.body
                if reply is None:
                    reply = served.authority.answer(body, served.time().replace(microsecond=0), **served.lie)
                self.send_response(served.status)
                self.send_header("Content-Type", served.media_type)
                self.send_header("Content-Length", str(len(reply)))
                for name, value in served.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/tsa"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
