"""Witnesses as they are run: served, by several processes and threads, asked by another installation."""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from tests.apps.log.foreign import Foreign
from tests.apps.log.served import Installation, database

from lodeline.keys import SigningKey
from lodeline.log import note as notes
from lodeline.log import policy as policies
from lodeline.log.checkpoint import sign
from lodeline.log.cosignature import verifier

pytestmark = pytest.mark.slow
AT_ONCE, ROUNDS = 8, 12
LOG = Foreign()


def post(port, body, ready=None):
    """Status and body; the connection stands before all of them start."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    if ready:
        ready.wait(30)
    connection.request("POST", "/witness/add-checkpoint", body, {"Content-Type": "text/plain"})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), answer.headers["Content-Type"]
    connection.close()
    return found


def requests(old):
    """Eight that all start from `old`: other sizes, and two trees of each size."""
    return [
        (
            old + 1 + number // 2,
            bool(number % 2),
            LOG.request(old, old + 1 + number // 2, other=bool(number % 2)),
        )
        for number in range(AT_ONCE)
    ]


def test_eight_requests_with_the_same_old_size_get_one_cosignature(tmp_path):
    with database() as url:
        made = Installation(tmp_path / "witness", url)
        (made.folder / "witness.policy").write_text(f"log {LOG.vkey}\nquorum none\n")
        with made.served(workers=2, worker=False):
            keys = [verifier(notes.parse_vkey(one)) for one in made.witness("key")[1]["vkeys"]]
            size, other, granted = 0, None, []
            for _ in range(ROUNDS):
                # From nothing both trees are good; afterwards only the one that was cosigned goes on.
                sent = [one for one in requests(size) if other is None or one[1] == other or size == 0]
                sent += sent[: AT_ONCE - len(sent)]
                ready = threading.Barrier(AT_ONCE)
                with ThreadPoolExecutor(AT_ONCE) as pool:
                    calls = [pool.submit(post, made.port, body, ready) for _, _, body in sent]
                    answers = [call.result() for call in calls]
                won = [number for number, answer in enumerate(answers) if answer[0] == 200]
                assert sorted(answer[0] for answer in answers) == [200] + [409] * (AT_ONCE - 1), answers
                size, other, _ = sent[won[0]]
                lines = answers[won[0]][1]
                assert {answer[1:] for answer in answers if answer[0] == 409} == {
                    (f"{size}\n", "text/x.tlog.size")
                }
                cosigned = LOG.note(size, other=other) + lines
                assert len(notes.verify(cosigned, keys).by) == 2
                assert made.get(f"/witness/{LOG.hash}/checkpoint") == cosigned
                granted.append(size)
            assert granted == sorted(set(granted))
            assert len(granted) == ROUNDS


def cosigned(installation, policy):
    """The public checkpoint, once its quorum is reached."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        judged = policy.check(installation.get("/log/checkpoint"))
        if judged.reached:
            return judged
        time.sleep(0.2)
    pytest.fail(f"not cosigned: {installation.witness('status')}")


def test_two_installations_witness_each_other(tmp_path):
    """Each cosigns the other's log, by itself, after each growth; and one finds the other out when it forks."""
    with ExitStack() as stack:
        pair = [Installation(tmp_path / name, stack.enter_context(database())) for name in ("north", "south")]
        for one in pair:
            stack.enter_context(one.served())
        keys = [one.witness("key")[1] for one in pair]
        own = [[str(key) for key in vkeys(one)] for one in pair]
        read = []
        for one, (logs, witness) in zip(pair, [(own[1], keys[1]), (own[0], keys[0])], strict=True):
            known = "".join(f"log {key}\n" for key in logs)
            (one.folder / "witness.policy").write_text(f"{known}quorum none\n")
            named = zip(("ed", "pq"), witness["vkeys"], strict=True)
            lines = "".join(f"witness {name} {key} {witness['url']}\n" for name, key in named)
            text = f"{lines}group both all ed pq\nquorum both\n"
            (one.folder / "log.policy").write_text(text)
            read.append(policies.read(text.encode()))
        for one, policy, mine in zip(pair, read, own, strict=True):
            with_log = policy.with_log(notes.parse_vkey(mine[0]))
            for count in (3, 40):
                one.put(count)
                judged = cosigned(one, with_log)
            assert (judged.checkpoint.size, judged.witnesses) == (43, ("ed", "pq"))
            code, said = one.witness("ask")
            main = said["books"][0]
            assert (code, main["book"], main["size"], main["reached"]) == (0, "main", 43, True)
            code, said = one.witness("status")
            assert (code, said["refused"], said["books"][0]["reached"]) == (0, 0, 43)
        # north's operator signs another tree of the same size; south, as its witness, keeps the proof
        north, south = pair
        key = SigningKey((north.folder / "secrets/log.key").read_bytes())
        fork = Foreign(north.url.removeprefix("http://") + "/log").checkpoint(43)
        status, _, _ = post(south.port, f"old 43\n\n{sign(fork, key)}".encode())
        assert status == 422
        code, said = south.witness("evidence")
        found = said["evidence"][0]
        assert (code, len(said["evidence"]), found["kind"], found["size"]) == (1, 1, "split", 43)
        logs = policies.read((south.folder / "witness.policy").read_bytes())
        trees = [logs.check(found["request"].partition("\n\n")[2]), logs.check(found["ours"])]
        assert trees[0].checkpoint.root != trees[1].checkpoint.root
        assert south.witness("status")[0] == 1


def vkeys(installation):
    """The keys of both books."""
    code = """
from lodeline_server.kit import setup
setup.django()
from lodeline_server.log import notebook
from lodeline_server.log.books import BOOKS
print("\\n".join(notebook.verifier(book) for book in BOOKS.values()))
"""
    return installation.python(code).stdout.split()
