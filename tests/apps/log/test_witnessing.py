"""Asking witnesses: over real HTTP, of this installation's own witness and of ones that answer badly."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from tests.apps.log.saying import put
from tests.conftest import NOW

from lodeline.log import note as notes
from lodeline.log import policy as policies
from lodeline.log import receipt
from lodeline.log.cosignature import Cosigner
from lodeline.log.note import COSIGNATURE
from lodeline.log.policy import PolicyRefused
from lodeline_server.kit.clock import now as clock
from lodeline_server.log import files, fsck, notebook, queries, tasks_witness, witness, witnessing
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import Cosignature, Cosigned, WitnessAsked
from lodeline_server.log.standing import standing
from lodeline_server.publishing.queries import published

pytestmark = pytest.mark.django_db(transaction=True)
STRANGER = Cosigner("other.example/witness", COSIGNATURE, b"\x21" * 32)


def shown(book=MAIN):
    return bytes(published(notebook.key(book), notebook.MEDIA_TYPE).body).decode()


def test_a_checkpoint_is_cosigned_and_published(own, client):
    put(*range(3))
    notebook.publish_newest(MAIN)
    bare = notebook.newest().note
    assert shown() == bare
    done = witnessing.ask(MAIN, clock())
    assert (done.size, done.witnesses, done.reached, [one.error for one in done.asked]) == (
        3,
        ("a", "b"),
        True,
        [""],
    )
    cosigned = witnessing.cosigned(MAIN, 3)
    assert cosigned.startswith(bare)
    assert cosigned.count("— 127.0.0.1:8000/witness ") == 2
    assert shown() == cosigned
    assert client.get("/log/checkpoint").content.decode() == cosigned
    text = f"log {notebook.verifier()}\nwitness a {witness.cosigners()[0].key}\nquorum a\n"
    assert policies.read(text.encode()).check(cosigned).reached
    assert notebook.read(cosigned).size == 3
    assert [one.rule for one in fsck.fsck().findings] == []


def test_receipts_and_files_carry_the_cosignatures(own):
    put(*range(3))
    point = files.publish(MAIN)
    path = files.folder(MAIN) / "checkpoint"
    assert path.read_text() == notebook.newest().note
    witnessing.ask(MAIN, clock())
    again = files.publish(MAIN)
    assert (point.size, again.size, again.written) == (3, 3, 1)
    assert path.read_text() == witnessing.cosigned(MAIN, 3)
    assert files.publish(MAIN).written == 0
    made = receipt.read(standing(queries.get(1)).receipt())
    text = f"log {notebook.verifier()}\nwitness a {witness.cosigners()[0].key}\nquorum a\n"
    judged = made.judge(queries.get(1).leaf_hash, policies.read(text.encode()))
    assert (judged.checkpoint.size, judged.witnesses) == (3, ("a",))
    Cosigned.objects.update(note=made.note.replace("\n3\n", "\n4\n"))
    assert standing(queries.get(1)).faults == ("signature",)


def test_the_page_of_a_statement_says_who_confirmed_it(own, write, client_as, organisation):
    position = put(*range(3), workspace=organisation.workspace_id)[1].position
    auditor, plain = client_as("auditor"), witness.cosigners()[0].key

    def text():
        return auditor.get(f"/app/log/{position}/").content.decode()

    assert "Nobody outside has signed this checkpoint yet." in text()
    write("log", f"witness a {plain} {own}\nwitness b {STRANGER.key}\ngroup g all a b\nquorum g\n")
    witnessing.ask(MAIN, clock())
    assert "Not enough yet" in text()
    assert "<code>127.0.0.1:8000/witness</code>" in text()
    write("log", f"witness a {plain} {own}\nquorum a\n")
    witnessing.ask(MAIN, clock())
    assert "By 1 witness<" in text()
    assert "Nobody outside" not in text()


def test_it_goes_on_from_the_last_size_and_asks_only_when_needed(own):
    put(*range(3))
    witnessing.ask(MAIN, clock())
    assert [one.url for one in witnessing.ask(MAIN, clock()).asked] == []
    put(*range(70))
    done = witnessing.ask(MAIN, clock())
    assert (done.size, done.reached, [one.size for one in done.asked]) == (73, True, [73])
    assert list(Cosigned.objects.order_by("size").values_list("size", "reached")) == [(3, True), (73, True)]
    assert Cosignature.objects.count() == 4
    assert witnessing.newest(MAIN).size == 73
    assert witnessing.newest(MAIN, covering=73) is None


def test_a_size_that_was_forgotten_is_learned_from_409(own):
    put(*range(3))
    witnessing.ask(MAIN, clock())
    put(*range(5))
    WitnessAsked.objects.all().delete()
    assert witnessing.ask(MAIN, clock()).reached
    row = WitnessAsked.objects.get()
    assert (row.size, row.failures, row.error, row.url) == (8, 0, "", own)
    Cosignature.objects.all().delete()  # and where it is at the same size
    WitnessAsked.objects.all().delete()
    assert witnessing.ask(MAIN, clock()).reached


def test_books_are_cosigned_each_by_itself(own):
    put(*range(3))
    put(*range(2), book=AUDIT)
    assert [witnessing.ask(book, clock()).size for book in (MAIN, AUDIT)] == [3, 2]
    assert witnessing.cosigned(AUDIT, 2).startswith(f"{AUDIT.origin}\n2\n")
    assert witnessing.cosigned(AUDIT, 3) is None
    assert witnessing.cosigned(MAIN, 2) is None


def test_the_quorum_decides_what_is_published(own, write):
    put(*range(3))
    notebook.publish_newest(MAIN)
    plain = witness.cosigners()[0].key
    write("log", f"witness a {plain} {own}\nwitness b {STRANGER.key}\ngroup g all a b\nquorum g\n")
    done = witnessing.ask(MAIN, clock())
    assert (done.witnesses, done.reached) == (("a",), False)
    assert witnessing.cosigned(MAIN, 3) is None
    assert shown() == notebook.newest().note
    row = Cosigned.objects.get()
    assert (row.reached, row.note.startswith(shown()), row.note != shown()) == (False, True, True)
    write("log", f"witness a {plain} {own}\nwitness b {STRANGER.key}\ngroup g 1 a b\nquorum g\n")
    assert witnessing.ask(MAIN, clock()).reached
    assert shown() == witnessing.cosigned(MAIN, 3)


def test_nothing_is_asked_without_a_policy_or_entries(own, data_folder):
    assert witnessing.ask(MAIN, clock()).size == 0
    put(1)
    (data_folder / "log.policy").unlink()
    done = witnessing.ask(MAIN, clock())
    assert (done.asked, done.reached, Cosigned.objects.count()) == ((), False, 0)
    assert not witnessing.wanted()


def test_a_malformed_policy_is_said(own, write):
    put(1)
    write("log", "quorum\n")
    with pytest.raises(PolicyRefused, match="line 1"):
        witnessing.ask(MAIN, clock())
    with pytest.raises(PolicyRefused, match="line 1"):
        tasks_witness.ask_witnesses.func(NOW.isoformat())


def test_not_inside_a_transaction(own):
    put(1)
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        witnessing.ask(MAIN, clock())


def test_the_task_asks_for_both_books_and_is_queued_once(own):
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.all().delete()
    put(*range(3))  # queued after its commit
    put(*range(2), book=AUDIT)
    waiting = DBTaskResult.objects.filter(task_path=tasks_witness.ask_witnesses.module_path)
    assert waiting.count() == 1
    said = tasks_witness.ask_witnesses.func(NOW.isoformat())
    assert said == "main 3: quorum reached, audit 2: quorum reached"


def test_nothing_is_queued_when_nobody_is_to_be_asked(write):
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.all().delete()
    put(1)
    assert not DBTaskResult.objects.filter(task_path=tasks_witness.ask_witnesses.module_path).exists()


# --- witnesses that answer badly -----------------------------------------------------------------------


@contextlib.contextmanager
def answering(reply):
    """A server on loopback; `reply(body)` gives status, headers and body, or does what it likes to the handler."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, body))
            found = reply(self, body.decode())
            if found:
                status, headers, answer = found
                self.send_response(status)
                for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/w", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def asked_of(reply, write, *, key=STRANGER.key):
    """What is said of a witness that answers so; the requests it got."""
    put(*range(3))
    with answering(reply) as (url, seen):
        write("log", f"witness a {key} {url}\nquorum a\n")
        done = witnessing.ask(MAIN, clock(), patient=False)
    assert not done.reached
    assert Cosignature.objects.count() == 0
    return done.asked[0].error, seen


def line(text, time=None, cosigner=STRANGER):
    return cosigner.sign(text, int(clock().timestamp()) if time is None else time).line().encode()


def text_in(body):
    return notes.split(body.partition("\n\n")[2]).text


def test_a_good_foreign_witness_is_believed(write):
    put(*range(3))
    with answering(lambda handler, body: (200, {}, b"\xe2\x80\x94 x AAAAAAAA\n" + line(text_in(body)))) as (
        url,
        seen,
    ):
        write("log", f"witness a {STRANGER.key} {url}/\nquorum a\n")
        assert witnessing.ask(MAIN, clock()).reached
    assert seen == [("/w/add-checkpoint", f"old 0\n\n{notebook.newest().note}".encode())]
    assert "— x " not in witnessing.cosigned(MAIN, 3)  # lines of strangers are passed over


def test_answers_that_do_not_count(write):
    later = int(clock().timestamp()) + 10_000
    other = "other.example\n3\n" + notes.to_base64(bytes(32)) + "\n"
    for answer, why in [
        (lambda body: line(other), "does not hold"),
        (lambda body: line(text_in(body), later), "ahead of ours"),
        (lambda body: line(text_in(body), cosigner=Cosigner("x", COSIGNATURE, b"\x22" * 32)), "no known key"),
        (lambda body: b"", "too many signatures, or a line"),
        (lambda body: b"\xff\n", "does not count"),
        (lambda body: line(text_in(body))[:-1], "does not end"),
        (lambda body: line(text_in(body)) * 65, "too many"),
    ]:
        error, _ = asked_of(lambda handler, body, made=answer: (200, {}, made(body)), write)
        assert why in error


@pytest.mark.parametrize("status", [301, 302, 307, 400, 403, 404, 422, 500, 503])
def test_other_statuses_are_said_and_redirects_are_not_followed(write, status):
    def reply(handler, body):
        return status, {"Location": f"http://127.0.0.1:{handler.server.server_port}/else"}, b"because\n"

    error, seen = asked_of(reply, write)
    assert error == f"it answered {status}: because"
    assert [path for path, _ in seen] == ["/w/add-checkpoint"]


def test_sizes_that_lead_nowhere(write):
    def size(words, kind="text/x.tlog.size"):
        return lambda handler, body: (409, {"Content-Type": kind}, words)

    error, seen = asked_of(size(b"1000\n"), write)
    assert error == "it has cosigned 1000 entries of this log, here are 3: an older database, or two"
    assert len(seen) == 1
    for words in (b"02\n", b"2", b"", b"x\n", b"-1\n"):
        assert "it answered 409" in asked_of(size(words), write)[0]
    assert "it answered 409" in asked_of(size(b"2\n", "text/plain"), write)[0]
    assert "it answered 409: 0" in asked_of(size(b"0\n"), write)[0]
    numbers = iter(b"%d\n" % number for number in (1, 2, 1, 2, 1))
    told = {"Content-Type": "text/x.tlog.size"}
    error, seen = asked_of(lambda handler, body: (409, told, next(numbers)), write)
    assert (error, len(seen)) == ("it names another size each time", witnessing.TURNS)


def test_an_answer_too_large(write):
    error, _ = asked_of(lambda handler, body: (200, {}, b"x" * 1_000_000), write)
    assert error == "the answer has more than 262144 bytes"


def test_a_witness_that_drips(write, monkeypatch):
    """Each byte comes in time; the whole does not."""
    monkeypatch.setattr(witnessing, "SECONDS", 0.6)

    def drip(handler, body):
        with contextlib.suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(50):
                handler.wfile.write(b"x")
                time.sleep(0.1)

    started = time.monotonic()
    error, _ = asked_of(drip, write)
    assert error == "no whole answer within 0.6 s"
    assert time.monotonic() - started < 4


def test_addresses_that_cannot_be_called(write):
    put(*range(3))
    for url in (
        "http://127.0.0.1:1/w",
        "ftp://x.example/w",
        "file:///etc/passwd",
        "http://u:p@127.0.0.1:1/w",
    ):
        write("log", f"witness a {STRANGER.key} {url}\nquorum a\n")
        done = witnessing.ask(MAIN, clock(), patient=False)
        assert not done.reached
        assert done.asked[0].error


def test_a_witness_that_failed_is_left_alone_for_a_while(write):
    put(*range(3))
    with answering(lambda handler, body: (500, {}, b"")) as (url, seen):
        write("log", f"witness a {STRANGER.key} {url}\nquorum a\n")
        at = clock()
        for wait, calls in [(0, 1), (1, 1), (3, 2), (5, 2), (8, 3), (9, 3)]:
            witnessing.ask(MAIN, at + timedelta(seconds=wait))
            assert len(seen) == calls, wait
        witnessing.ask(MAIN, at + timedelta(seconds=9), patient=False)
        assert len(seen) == 4
    assert WitnessAsked.objects.get().failures == 4


def test_one_bad_witness_does_not_hold_up_the_others(own, write):
    put(*range(3))
    plain = witness.cosigners()[0].key
    with answering(lambda handler, body: (500, {}, b"")) as (url, _):
        write(
            "log",
            f"witness bad {STRANGER.key} {url}\nwitness good {plain} {own}\ngroup g any bad good\nquorum g\n",
        )
        done = witnessing.ask(MAIN, clock())
    assert done.reached
    assert {one.url: bool(one.error) for one in done.asked} == {url: True, own: False}


def test_a_rolled_back_log_is_told_so_by_its_witness(own):
    """The witness remembers what the database has forgotten."""
    from lodeline_server.log.models import Witnessed

    put(*range(3))
    witnessing.ask(MAIN, clock())
    Witnessed.objects.update(size=9)
    put(*range(2))
    WitnessAsked.objects.update(size=0)
    done = witnessing.ask(MAIN, clock())
    assert done.asked[0].error.startswith("it has cosigned 9 entries of this log, here are 5")
