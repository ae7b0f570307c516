"""The page that checks a proof in a browser, offline: it asks for nothing but its own files."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.conftest import ROOT
from tests.core.credentials.thresholds.test_forgeries import VECTORS

pytestmark = pytest.mark.browser
PUBLISHED = json.loads(VECTORS.read_text())


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def page(browser):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context()
    opened = context.new_page()
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(f"{address}/conformance/threshold-verifier/")
    yield opened
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    context.close()
    server.shutdown()
    server.server_close()


def test_the_page_says_what_holds(page):
    for name, words in {
        "at least 16 %: 173000": "The proof holds.",
        "share of three suppliers": "The proof holds.",
        "negative value by wrap-around": 'Refused at the step "proof"',
        "replayed nonce": 'Refused at the step "nonce"',
    }.items():
        (case,) = [one for one in PUBLISHED["cases"] if one["name"] == name]
        data = json.dumps({**case, "policy": PUBLISHED["policy"]}).encode()
        page.locator("output").evaluate("one => { one.textContent = '' }")
        page.locator("input").set_input_files(
            {"name": "case.json", "mimeType": "application/json", "buffer": data}
        )
        page.locator("output", has_text=words).wait_for(timeout=20_000)
