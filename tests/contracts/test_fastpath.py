"""Published bytes in front of Django: the same bytes by both ways, never stale, never a surprise.

The wrapper is called as the server calls it; behind it stands Django's own WSGI application, or a stub that shows that
the request was handed on.
"""

from __future__ import annotations

import gzip
import io
from urllib.parse import quote, unquote_to_bytes
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodeline_server.config.fastpath import FastPath, Lookup, is_passport
from lodeline_server.publishing import serving
from lodeline_server.publishing.actions import publish, withdraw
from lodeline_server.publishing.models import Published
from lodeline_server.publishing.serving import HTML, JSON

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "/01/09521000000018/21/A1"
PAGE, DATA = b"<!doctype html>" + b"page " * 500, b'{"a":' + b"1" * 900 + b"}"


def environ(path, method="GET", **more):
    made = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "REQUEST_METHOD": method, "QUERY_STRING": "",
            "wsgi.input": io.BytesIO(), "HTTP_HOST": "testserver"}  # fmt: skip
    setup_testing_defaults(made)
    return made | {"SCRIPT_NAME": ""} | more


def ask(application, path, method="GET", **more):
    said = {}

    def start(status, headers, _error=None):
        said["status"], said["headers"] = status, headers

    parts = application(environ(path, method, **more), start)
    body = b"".join(parts)
    getattr(parts, "close", lambda: None)()
    names = [name.lower() for name, _ in said["headers"]]
    assert len(names) == len(set(names)), names
    return int(said["status"][:3]), {name.lower(): value for name, value in said["headers"]}, body


def behind(_environ, start_response):
    start_response("299 Handed On", [])
    return [b"django"]


@pytest.fixture
def lookup():
    made = Lookup(connection.settings_dict)
    yield made
    made._forget()


@pytest.fixture
def fast(lookup):
    return FastPath(behind, lookup)


@pytest.fixture
def both(lookup):
    django = WSGIHandler()
    return FastPath(django, lookup), django


@pytest.fixture
def put(now):
    def run(key=KEY, forms=None, kind="passport", **more):
        publish(key=key, forms=forms or {HTML: PAGE, JSON: DATA}, kind=kind, position=7, now=now, **more)

    run()
    return run


def test_a_page_and_its_headers(fast, put):
    status, headers, body = ask(fast, KEY)
    assert (status, body) == (200, PAGE)
    assert headers == {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(PAGE)),
        "etag": f'"{Published.objects.get(media_type=HTML).etag}"',
        "cache-control": "public, max-age=60, must-revalidate",
        "vary": "Accept, Accept-Encoding",
        "content-security-policy": serving.POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "access-control-allow-origin": "*",
    }
    assert "'unsafe" not in serving.POLICY
    assert "script-src" not in serving.POLICY


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json", JSON),
        ("application/json, text/html;q=0.9", JSON),
        ("application/json;q=0.8, text/html", HTML),
        ("application/*", JSON),
        ("text/*;q=0.1, application/json;q=0.2", JSON),
        ("*/*;q=0.1, text/html;q=0", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/json;charset=utf-8;q=1.0", JSON),
        ("application/json;q=nonsense, text/html;q=0.1", HTML),
        ("image/png", None),
        ("text/html;q=0", None),
        ("application/ld+json", None),
        (",;,;q=,/", None),
    ],
)
def test_form_by_accept(fast, put, accept, media_type):
    more = {} if accept is None else {"HTTP_ACCEPT": accept}
    status, headers, _ = ask(fast, KEY, **more)
    assert (status, headers.get("content-type")) == ((200, media_type) if media_type else (299, None))


def test_form_by_suffix(fast, put):
    assert ask(fast, f"{KEY}.json", HTTP_ACCEPT="text/html")[2] == DATA
    assert ask(fast, f"{KEY}.html", HTTP_ACCEPT="application/json")[2] == PAGE
    assert ask(fast, f"{KEY}.xml")[0] == 299


def test_a_serial_that_ends_like_a_suffix(fast, put):
    put(key=f"{KEY}.json", forms={HTML: b"another battery"})
    assert ask(fast, f"{KEY}.json")[2] == b"another battery"


def test_gzip(fast, put):
    status, headers, body = ask(fast, KEY, HTTP_ACCEPT_ENCODING="br, gzip")
    assert (status, headers["content-encoding"], gzip.decompress(body)) == (200, "gzip", PAGE)
    assert headers["content-length"] == str(len(body))
    assert headers["etag"] == f'"{Published.objects.get(media_type=HTML).etag}-gz"'
    for refused in ("gzip;q=0", "identity", "br", "gzip;q=0.1, identity;q=0.5"):
        assert "content-encoding" not in ask(fast, KEY, HTTP_ACCEPT_ENCODING=refused)[1], refused
    assert "content-encoding" in ask(fast, KEY, HTTP_ACCEPT_ENCODING="*")[1]


def test_conditional_requests(fast, put):
    etag = ask(fast, KEY)[1]["etag"]
    packed = ask(fast, KEY, HTTP_ACCEPT_ENCODING="gzip")[1]["etag"]
    assert etag != packed
    for matching in (etag, packed, f"W/{etag}", f'"x", {etag}', "*", f'"x",{packed}'):
        status, headers, body = ask(fast, KEY, HTTP_IF_NONE_MATCH=matching)
        assert (status, body) == (304, b""), matching
        assert headers["etag"] == etag
        assert headers["vary"] == "Accept, Accept-Encoding"
        assert headers["cache-control"]
        assert "content-length" not in headers
    for other in ('"x"', "x", "", etag.strip('"'), ask(fast, f"{KEY}.json")[1]["etag"]):
        assert ask(fast, KEY, HTTP_IF_NONE_MATCH=other)[0] == 200, other


def test_head_is_a_get_without_body(fast, put):
    status, headers, body = ask(fast, KEY, "HEAD")
    assert (status, body) == (200, b"")
    assert headers == ask(fast, KEY)[1]


@pytest.mark.parametrize(
    "more",
    [
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_COOKIE": ""},
        {"HTTP_AUTHORIZATION": "Bearer x"},
        {"QUERY_STRING": "a=1"},
        {"SCRIPT_NAME": "/below"},
        {"REQUEST_METHOD": "POST"},
        {"REQUEST_METHOD": "DELETE"},
        {"REQUEST_METHOD": "OPTIONS"},
    ],
)
def test_what_it_does_not_decide_goes_on(fast, put, more):
    assert ask(fast, KEY, **more)[::2] == (299, b"django")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/app/", "/01/", "/01/1/21/A1", "/01/09521000000018", "/01/09521000000018/21/", "/01/09521000000018/10/A1",
        "/01/0952100000001X/21/A1", "/01/٠٩٥٢١٠٠٠٠٠٠٠١٨/21/A1", "/01/09521000000018/21/OTHER", "/log/", "/log/none",
        f"{KEY}/", f"{KEY}%00", f"{KEY}%0d%0aX: y", "/01/09521000000018/21/" + "x" * 700, "/01/%ff%fe/21/A1",
        "//01/09521000000018/21/A1", "/01/../01/09521000000018/21/A1",
    ],
)  # fmt: skip
def test_other_addresses_go_on(fast, put, path):
    assert ask(fast, path)[0] == 299


def test_other_audiences_are_not_served(fast, put):
    put(forms={JSON: b"secret"}, audience="authority")
    assert ask(fast, f"{KEY}.json")[2] == DATA
    put(key=f"{KEY}9", forms={JSON: b"secret"}, audience="authority")
    assert ask(fast, f"{KEY}9", HTTP_ACCEPT="application/json")[0] == 299


def test_what_was_published_last_is_what_is_read(fast, put):
    """Each read sees the newest commit, also on the connection that read before."""
    for number in range(20):
        body = b"edition %d" % number
        put(forms={HTML: body})
        assert ask(fast, KEY)[2] == body
    put(forms={JSON: DATA})
    assert ask(fast, KEY)[0] == 299 or ask(fast, KEY)[1]["content-type"] == JSON
    Published.objects.all().delete()
    assert ask(fast, KEY)[0] == 299


def test_withdrawn(fast, put, now):
    etag = ask(fast, KEY)[1]["etag"]
    withdraw(key=KEY, forms={HTML: b"ceased"}, kind="passport", position=9, now=now)
    status, headers, body = ask(fast, KEY)
    assert (status, body) == (410, b"ceased")
    assert ask(fast, KEY, HTTP_IF_NONE_MATCH=headers["etag"])[0] == 410
    assert ask(fast, KEY, HTTP_IF_NONE_MATCH=etag)[0] == 410


def test_checkpoint_and_tiles_by_kind(fast, put):
    put(key="/log/checkpoint", forms={"text/plain; charset=utf-8": b"note"}, kind="checkpoint")
    put(key="/log/tile/0/000", forms={"application/octet-stream": b"\x00\xff"}, kind="tile")
    put(key="/log/other", forms={"text/plain; charset=utf-8": b"x"}, kind="new kind")
    for path, body, cache in (
        ("/log/checkpoint", b"note", "public, max-age=5"),
        ("/log/tile/0/000", b"\x00\xff", "public, max-age=31536000, immutable"),
        ("/log/other", b"x", "public, no-cache"),
    ):
        status, headers, found = ask(fast, path, HTTP_ACCEPT="image/png")
        assert (status, found, headers["cache-control"], headers["vary"]) == (
            200,
            body,
            cache,
            "Accept-Encoding",
        )


def test_reserved_characters_in_a_serial(fast, put):
    for serial in ("A/1", "50%", "a?b#c", "å", "A.B,C;D", "x y"):
        put(key=f"/01/09521000000018/21/{serial}", forms={HTML: serial.encode()})
        assert ask(fast, f"/01/09521000000018/21/{quote(serial, safe='')}")[2] == serial.encode(), serial


CASES = [
    ("GET", {}),
    ("GET", {"HTTP_ACCEPT": "application/json"}),
    ("GET", {"HTTP_ACCEPT": "text/html, */*;q=0.1", "HTTP_ACCEPT_ENCODING": "gzip, br"}),
    ("HEAD", {"HTTP_ACCEPT_ENCODING": "gzip"}),
    ("GET", {"HTTP_IF_NONE_MATCH": "*"}),
    ("GET", {"HTTP_ACCEPT_LANGUAGE": "de"}),
]
PUBLISHED = ("content-type", "content-length", "content-encoding", "etag", "cache-control", "content-security-policy",
             "x-content-type-options", "referrer-policy", "access-control-allow-origin")  # fmt: skip


@pytest.mark.parametrize(("method", "more"), CASES)
def test_the_same_through_django(both, put, method, more):
    """Whoever sends a cookie or a key is answered by Django: same status, same bytes, same headers of the answer."""
    fast, django = both
    for path in (KEY, f"{KEY}.json", f"{KEY}.html"):
        one, other = ask(fast, path, method, **more), ask(django, path, method, **more)
        assert (one[0], one[2]) == (other[0], other[2]), path
        for name in PUBLISHED:
            if one[0] != 304 or name != "content-length":  # Django says 0, which HTTP allows and servers drop
                assert one[1].get(name) == other[1].get(name), (path, name)
        assert "set-cookie" not in other[1]
        vary = {word.strip().lower() for word in other[1]["vary"].split(",")}
        assert {"accept", "accept-encoding"} <= vary
        assert "cookie" not in vary


def test_an_address_never_varies_by_login(both, put, client_as, api_client):
    fast, _ = both
    status, headers, body = ask(fast, KEY)
    for client in (client_as("maker"), client_as("regulator"), api_client("maker")):
        answer = client.get(KEY)
        assert (answer.status_code, answer.content, answer["ETag"]) == (status, body, headers["etag"])
        assert not answer.cookies


def test_checkpoint_is_the_same_through_django(both, workspace, now):
    from tests.apps.evidence.telling import party, tell

    tell(workspace.pk, party())
    fast, django = both
    one, other = ask(fast, "/log/checkpoint"), ask(django, "/log/checkpoint")
    assert (one[0], one[2]) == (other[0], other[2])
    assert one[0] == 200
    for name in ("content-type", "etag", "cache-control"):
        assert one[1][name] == other[1][name], name


def test_nothing_there_is_djangos_404(both):
    for path in (KEY, f"{KEY}.json", "/log/none", "/01/x"):
        assert ask(both[0], path)[0] == 404


words = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=40)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["", "/01/", "/01/09521000000018/21/", "/log/", KEY]),
    words,
    st.dictionaries(
        st.sampled_from(
            ["HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "QUERY_STRING", "REQUEST_METHOD"]
        ),
        words,
        max_size=4,
    ),
)
def test_whatever_is_sent_it_answers_or_hands_on(fast, put, start, rest, more):
    """PATH_INFO and headers hold any bytes, as latin-1 (PEP 3333)."""
    said = []
    environment = environ("/", **more) | {"PATH_INFO": start + rest}
    parts = fast(environment, lambda status, headers, _error=None: said.append((status, headers)))
    assert isinstance(b"".join(parts), bytes)
    (status, headers), *none = said
    assert none == []
    assert int(status[:3]) in {200, 299, 304}
    assert all("\r" not in value and "\n" not in value for _, value in headers)


@given(st.text(max_size=60))
def test_which_addresses_are_passports(text):
    assert is_passport(f"/01/{text}") == (
        len(text) > 18 and all(c in "0123456789" for c in text[:14]) and text[14:18] == "/21/"
    )


def test_a_lost_database_is_djangos_to_tell(put):
    wrong = dict(connection.settings_dict)
    if connection.vendor == "sqlite":
        wrong["NAME"] = "/nowhere/at/all.sqlite3"
    else:
        wrong["NAME"] = "no_such_database"
    assert ask(FastPath(behind, Lookup(wrong)), KEY)[0] == 299


def test_a_connection_that_died_is_opened_again(fast, lookup, put):
    assert ask(fast, KEY)[0] == 200
    lookup._local.connection.close()
    assert ask(fast, KEY)[0] == 200


def test_it_cannot_write(fast, lookup, put):
    ask(fast, KEY)
    mark = "?" if connection.vendor == "sqlite" else "%s"
    with pytest.raises(lookup._errors):
        lookup._local.run(f"DELETE FROM publishing_published WHERE key = {mark} RETURNING key", (KEY,))
    assert Published.objects.filter(key=KEY).exists()


def test_one_key_one_lookup(put):
    asked = []

    class Counting(Lookup):
        def find(self, key, media_type, *, gzip):
            asked.append((key, media_type))
            return super().find(key, media_type, gzip=gzip)

    counting = Counting(connection.settings_dict)
    assert ask(FastPath(behind, counting), KEY)[0] == 200
    assert asked == [(KEY, HTML)]
    counting._forget()


def test_the_server_starts_with_it():
    from lodeline_server.config import wsgi

    assert isinstance(wsgi.application, FastPath)


def test_long_headers_are_not_remembered(fast, put):
    before = serving._acceptable.cache_info().currsize, serving._takes_gzip.cache_info().currsize
    for number in range(5):
        long = "text/html, " + "x" * 600 + str(number)
        assert ask(fast, KEY, HTTP_ACCEPT=long, HTTP_ACCEPT_ENCODING=long)[0] == 200
    assert (serving._acceptable.cache_info().currsize, serving._takes_gzip.cache_info().currsize) == before
