"""Being a witness: every status of the specification, in its order, and what is stored before it is answered."""

from __future__ import annotations

import os

import pytest
from tests.apps.log.foreign import Foreign
from tests.conftest import NOW

from lodeline.keys import SigningKey
from lodeline.log import note as notes
from lodeline.log.checkpoint import Checkpoint, sign, to_base64
from lodeline.log.cosignature import verifier
from lodeline.log.note import COSIGNATURE, MLDSA, Note, Plain, Signature, VKey
from lodeline_server.log import witness
from lodeline_server.log.models import Suspect, Witnessed

pytestmark = pytest.mark.django_db
TIME = int(NOW.timestamp())
LOG = Foreign()


@pytest.fixture(autouse=True)
def trusting(data_folder):
    """The witness's policy; to be written anew by tests."""
    path = data_folder / "witness.policy"

    def write(text):
        path.write_text(text)
        os.utime(path, ns=(0, path.stat().st_mtime_ns))

    write(f"log {LOG.vkey}\nquorum none\n")
    yield write
    path.unlink(missing_ok=True)


def add(*args, **kwargs):
    """Status and body of the answer."""
    try:
        return 200, witness.add_checkpoint(LOG.request(*args, **kwargs), NOW)
    except witness.Refused as refused:
        return int(refused.status), refused.words


def stored():
    row = Witnessed.objects.filter(origin=LOG.origin).first()
    return (row.size, bytes(row.root)) if row and row.note else None


def keys():
    return [one.key for one in witness.cosigners()]


def test_a_growing_log_is_cosigned_with_both_keys():
    for old, size in ((0, 1), (1, 1), (1, 5), (5, 300)):
        status, lines = add(old, size)
        assert status == 200, lines
        whole = LOG.note(size) + lines
        verified = notes.verify(whole, [verifier(key) for key in keys()])
        assert [(one.key.kind, one.time) for one in verified.by] == [(COSIGNATURE, TIME), (MLDSA, TIME)]
        assert stored() == (size, LOG.checkpoint(size).root)
    assert Suspect.objects.count() == 0
    assert witness.latest(LOG.hash) == whole
    assert [key.name for key in keys()] == ["127.0.0.1:8000/witness"] * 2


def test_an_empty_log_is_cosigned():
    assert add(0, 0)[0] == 200
    assert add(0, 0)[0] == 200
    assert add(0, 4)[0] == 200
    assert stored() == (4, LOG.checkpoint(4).root)


def test_404_comes_first(trusting):
    trusting("quorum none\n")
    assert add(0, 3)[0] == 404
    assert add(9, 3, note=LOG.note(3).replace("\n3\n", "\n4\n"))[0] == 404
    trusting(f"log {Foreign('log.example/other').vkey}\nquorum none\n")
    assert add(0, 3)[0] == 404
    assert stored() is None


def test_without_a_policy_no_log_is_known(data_folder):
    (data_folder / "witness.policy").unlink()
    assert add(0, 3)[0] == 404


def test_a_policy_that_changes_is_read_again(trusting):
    trusting("quorum none\n")
    assert add(0, 3)[0] == 404
    trusting(f"# now known\nlog {LOG.vkey}\nquorum none\n")
    assert add(0, 3)[0] == 200


def test_a_malformed_policy_cosigns_nothing(trusting):
    trusting(f"log {LOG.vkey}\n")
    assert add(0, 3) == (503, "this witness's policy is not usable\n")
    assert stored() is None


def test_403_without_a_good_signature_of_the_log():
    stranger = sign(LOG.checkpoint(3), SigningKey.from_seed(b"\x12" * 32))
    assert add(0, 3, note=stranger)[0] == 403
    bad = LOG.note(3).replace("\n3\n", "\n4\n")
    assert add(0, 3, note=bad)[0] == 403
    good = notes.split(LOG.note(3))
    both = Note(good.text, (*good.signatures, Signature(LOG.origin, good.signatures[0].id, bytes(64))))
    assert add(0, 3, note=str(both))[0] == 403
    # before the request's own form is looked at
    assert add(9, 3, note=stranger)[0] == 403
    assert add("x", 3, note=stranger)[0] == 403
    assert (stored(), Suspect.objects.count()) == (None, 0)


def signed(text):
    key = VKey(LOG.origin, 1, LOG.key.verify_key.raw)
    return str(Note(text, (Signature(LOG.origin, key.id, LOG.key.sign(text.encode())),)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 0\n",
        LOG.request("00", 3),
        LOG.request("-1", 3),
        LOG.request("+1", 3),
        LOG.request("1 ", 3),
        LOG.request(10**19, 3),
        LOG.request(4, 3),
        LOG.request(0, 3).replace(b"old", b"Old"),
        LOG.request(0, 3).replace(b"\n\n", b"\r\n\r\n", 1),
        LOG.request(1, 3, proof=[b"x"]),
        LOG.request(1, 3, proof=[bytes(32)] * 64),
        LOG.request(1, 3).replace(b"=\n", b"\n", 1),
        LOG.request(0, 3, note=f"{LOG.origin}\n3\n"),
        LOG.request(0, 3, note=LOG.note(3)[:-1]),
        LOG.request(0, 3, note=signed(f"{LOG.origin}\n03\n{to_base64(bytes(32))}\n")),
        LOG.request(0, 3, note=signed(f"{LOG.origin}\n3\n")),
        LOG.request(0, 3, note=signed(f"{LOG.origin}\n{2**63}\n{to_base64(bytes(32))}\n")),
    ],
)  # fmt: skip
def test_400_for_what_is_malformed_or_shrinks(body):
    with pytest.raises(witness.Refused) as refused:
        witness.add_checkpoint(body, NOW)
    assert refused.value.status == 400
    assert (stored(), Suspect.objects.count()) == (None, 0)


def test_409_tells_the_size_of_the_last_cosigned():
    assert add(2, 3) == (409, "0\n")
    add(0, 3)
    for old, size in ((0, 3), (0, 9), (2, 9), (4, 9)):
        with pytest.raises(witness.Refused) as refused:
            witness.add_checkpoint(LOG.request(old, size), NOW)
        said = refused.value
        assert (said.status, said.words, said.media_type) == (409, "3\n", "text/x.tlog.size")
    assert stored() == (3, LOG.checkpoint(3).root)


def test_422_for_what_is_inconsistent():
    assert add(0, 0, note=sign(Checkpoint(origin=LOG.origin, size=0, root=bytes(32)), LOG.key))[0] == 422
    assert add(0, 3, proof=[bytes(32)])[0] == 422
    add(0, 3)
    good = LOG.proof(3, 9)
    for proof in ([], good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]], good[::-1]):
        assert add(3, 9, proof=proof)[0] == 422
    assert add(3, 3, other=True)[0] == 422
    assert add(3, 3, proof=[bytes(32)])[0] == 422
    assert add(3, 9, other=True)[0] == 422
    assert stored() == (3, LOG.checkpoint(3).root)
    assert add(3, 9)[0] == 200


def test_409_comes_before_422():
    add(0, 3)
    assert add(2, 9, other=True)[0] == 409
    assert add(0, 3, other=True)[0] == 409


def test_a_split_view_is_kept_both_checkpoints():
    add(0, 3)
    ours = witness.latest(LOG.hash)
    assert add(3, 3, other=True)[0] == 422
    assert add(0, 3, other=True)[0] == 409
    kept = Suspect.objects.get()
    assert (kept.kind, kept.origin, kept.size, bytes(kept.root)) == (
        Suspect.Kind.SPLIT, LOG.origin, 3, LOG.checkpoint(3, other=True).root,
    )  # fmt: skip
    assert kept.request.encode() == LOG.request(3, 3, other=True)
    assert (kept.ours, kept.received_at) == (ours, NOW)
    check = [Plain(VKey(LOG.origin, 1, LOG.key.verify_key.raw))]
    theirs = kept.request.partition("\n\n")[2]
    assert notes.verify(theirs, check).text != notes.verify(kept.ours, check).text


def test_a_failed_proof_is_kept_and_a_retry_that_holds_does_not_wash_it_off():
    add(0, 3)
    add(3, 9, proof=[])
    assert [(one.kind, one.size) for one in Suspect.objects.all()] == [(Suspect.Kind.PROOF, 9)]
    assert add(3, 9)[0] == 200
    assert Suspect.objects.count() == 1


def test_a_probe_without_state_leaves_nothing_once_it_is_proved():
    add(0, 3)
    assert add(0, 9) == (409, "3\n")
    assert [(one.kind, one.size) for one in Suspect.objects.all()] == [(Suspect.Kind.SIZE, 9)]
    assert add(3, 9)[0] == 200
    assert add(0, 9) == (409, "9\n")
    assert Suspect.objects.count() == 0


def test_evidence_is_bounded(monkeypatch):
    monkeypatch.setattr(witness, "KEPT", 3)
    add(0, 1)
    for size in range(2, 9):
        assert add(0, size) == (409, "1\n")
    assert Suspect.objects.count() == 3
    assert add(1, 1, other=True)[0] == 422  # of another kind: kept
    assert Suspect.objects.filter(kind=Suspect.Kind.SPLIT).count() == 1


def test_logs_do_not_disturb_each_other(trusting):
    other = Foreign("log.example/other", b"\x13" * 32)
    trusting(f"log {LOG.vkey}\nlog {other.vkey}\nquorum none\n")
    add(0, 7)
    witness.add_checkpoint(other.request(0, 2), NOW)
    assert stored() == (7, LOG.checkpoint(7).root)
    assert witness.latest(other.hash).startswith(other.note(2))
    cross = other.request(2, 3, note=sign(other.checkpoint(3), LOG.key))
    with pytest.raises(witness.Refused) as refused:
        witness.add_checkpoint(cross, NOW)
    assert refused.value.status == 403


def test_lines_of_strangers_are_not_passed_on():
    line = "— stranger.example AAAAAAAA\n"
    assert add(0, 3, note=LOG.note(3) + line)[0] == 200
    assert line not in witness.latest(LOG.hash)


def test_extension_lines_are_cosigned_as_they_are():
    text = LOG.checkpoint(3).text() + "more\n"
    status, lines = add(0, 3, note=signed(text))
    assert status == 200
    assert notes.verify(f"{text}\n{lines}", [verifier(key) for key in keys()]).text == text


def test_a_long_origin_is_cosigned_without_mldsa(trusting):
    far = Foreign("log.example/" + "x" * 300)
    trusting(f"log {far.vkey}\nquorum none\n")
    lines = witness.add_checkpoint(far.request(0, 2), NOW)
    verified = notes.verify(far.note(2) + lines, [verifier(key) for key in keys()])
    assert [one.key.kind for one in verified.by] == [COSIGNATURE]


def test_nothing_is_cosigned_that_would_not_be_stored(monkeypatch):
    from lodeline_server.log import backend

    def unsafe():
        raise backend.Unsafe("test")

    monkeypatch.setattr(backend, "require_durable", unsafe)
    assert add(0, 3) == (503, "this witness cannot store safely\n")
    assert stored() is None


# --- over HTTP -----------------------------------------------------------------------------------------


def post(client, body, **headers):
    return client.generic("POST", "/witness/add-checkpoint", body, content_type="text/plain", **headers)


def test_the_addresses(client):
    assert client.get(f"/witness/{LOG.hash}/checkpoint").status_code == 404
    answer = post(client, LOG.request(0, 3))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    kept = client.get(f"/witness/{LOG.hash}/checkpoint")
    assert (kept.status_code, kept["Cache-Control"]) == (200, "public, max-age=60")
    assert kept.content.decode() == LOG.note(3) + answer.content.decode()
    conflict = post(client, LOG.request(0, 9))
    assert (conflict.status_code, conflict.content, conflict["Content-Type"]) == (
        409,
        b"3\n",
        "text/x.tlog.size",
    )
    assert post(client, LOG.request(3, 9, proof=[])).status_code == 422
    assert post(client, b"nonsense").status_code == 400
    assert client.get("/witness/add-checkpoint").status_code == 405
    assert client.get(f"/witness/{LOG.hash.upper()}/checkpoint").status_code == 404
    assert client.get("/witness/%00/checkpoint").status_code == 404
    assert client.post(f"/witness/{LOG.hash}/checkpoint").status_code == 405


def test_a_log_that_is_known_and_never_cosigned_has_no_checkpoint(client):
    add(2, 3)
    assert client.get(f"/witness/{LOG.hash}/checkpoint").status_code == 404


def test_no_form_token_is_asked_for_and_no_cookie_given():
    from django.test import Client

    answer = post(Client(enforce_csrf_checks=True), LOG.request(0, 3))
    assert (answer.status_code, len(answer.cookies)) == (200, 0)


def test_a_large_body_is_refused_before_it_is_parsed(client):
    answer = post(client, b"old 0\n\n" + b"x" * witness.MAX_BODY)
    assert answer.status_code == 413
    assert stored() is None


def test_the_largest_request_is_taken(client):
    """63 hashes and a note of 128 KiB come through the door; the proof is then what is wrong."""
    text = LOG.checkpoint(3).text() + "x" * (notes.MAX_NOTE - 400) + "\n"
    answer = post(client, LOG.request(0, 3, note=signed(text), proof=[bytes(32)] * 63))
    assert answer.status_code == 422
