"""Anchors without a network: the states, time stamps of a test authority with every fault, calldata of the contract."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import missing
from tests.core.log.tsa import POLICY, SERIAL, Authority

from lodeline.log.anchors import evm, rfc3161
from lodeline.log.anchors.states import NEXT, OPEN, State, move, pause

TEXT = b"log.example/lode\n7\n" + b"A" * 43 + b"=\n"
NONCE = 0xFEDC_BA98_7654_3210
AT = datetime(2026, 11, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    return Authority()


def checked(authority, reply, **words):
    given = {"roots_pem": authority.pem, "nonce": NONCE, "policy": POLICY} | words
    return rfc3161.check(reply, given.pop("text", TEXT), **given)


def asked(nonce=NONCE, policy=""):
    return rfc3161.request(TEXT, nonce=nonce, policy=policy)


# --- states -----------------------------------------------------------------------------------------


def test_the_way_of_an_anchor():
    assert move(State.WAITING, State.SUBMITTED) is State.SUBMITTED
    assert move(State.SUBMITTED, State.INCLUDED) is State.INCLUDED
    assert move(State.INCLUDED, State.FINAL) is State.FINAL
    assert move(State.SUBMITTED, State.FINAL) is State.FINAL
    assert move(State.INCLUDED, State.LOST) is State.LOST
    assert move(State.LOST, State.SUBMITTED) is State.SUBMITTED
    assert {State.WAITING, State.SUBMITTED, State.INCLUDED, State.LOST} == OPEN


@given(st.sampled_from(State), st.sampled_from(State))
def test_nothing_else_is_allowed(old, new):
    if new is old or new in NEXT[old]:
        assert move(old, new) is new
    else:
        with pytest.raises(ValueError, match=f"{old} cannot become {new}"):
            move(old, new)


def test_what_is_final_stays():
    assert NEXT[State.FINAL] == frozenset()


def test_pauses_double_up_to_six_hours():
    assert [pause(n) // timedelta(minutes=1) for n in (1, 2, 3, 8, 9, 10, 10**9)] == [
        1,
        2,
        4,
        128,
        256,
        360,
        360,
    ]
    with pytest.raises(ValueError, match="after a failure"):
        pause(0)


# --- time stamps ------------------------------------------------------------------------------------


def test_the_request_is_read_by_others():
    read = tsp.TimeStampReq.load(asked(policy=POLICY), strict=True).native
    assert read == {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": "sha256", "parameters": None},
            "hashed_message": hashlib.sha256(TEXT).digest(),
        },
        "req_policy": POLICY,
        "nonce": NONCE,
        "cert_req": True,
        "extensions": None,
    }


@given(st.integers(1, 2**64 - 1))
def test_every_nonce_is_written_as_it_is(nonce):
    assert tsp.TimeStampReq.load(asked(nonce), strict=True)["nonce"].native == nonce


@pytest.mark.parametrize("nonce", [0, -1, 2**64])
def test_other_nonces_are_refused(nonce):
    with pytest.raises(ValueError, match="nonce"):
        asked(nonce)


def test_a_good_stamp(authority):
    stamp = checked(authority, authority.answer(asked(), AT))
    assert stamp == rfc3161.Stamp(
        time=AT,
        policy=POLICY,
        serial=SERIAL,
        signer="CN=Test signer",
        certificate_ends=datetime(2028, 1, 1, tzinfo=UTC),
    )


def test_a_stamp_still_verifies_when_nonce_and_policy_are_no_longer_known(authority):
    assert checked(authority, authority.answer(asked(), AT), nonce=None, policy="").time == AT


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"nonce": NONCE - 1}, "Nonce mismatch"),
        ({"policy": "1.2.3.4"}, "Policy ID mismatch"),
        ({"status": "rejection"}, "the authority answered: rejected; not today"),
        ({"status": "granted_with_mods"}, "the authority answered: granted with changes"),
        ({"status": "waiting"}, "the authority answered: waiting"),
        ({"algorithm": "sha1"}, "a hash below SHA-256"),
        ({"algorithm": "sha512"}, "Mismatch between messages"),
        ({"certificates": []}, "the signer's certificate is not in the time stamp"),
        ({"spoil": True}, "does not verify"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_lying_answer_is_refused(authority, lie, said):
    with pytest.raises(rfc3161.TokenRefused, match=said):
        checked(authority, authority.answer(asked(), AT, **lie))


def test_a_stamp_for_another_text_is_refused(authority):
    with pytest.raises(rfc3161.TokenRefused, match="Mismatch between messages"):
        checked(authority, authority.answer(asked(), AT), text=TEXT + b"\n")


def test_a_stamp_under_another_root_is_refused(authority):
    with pytest.raises(rfc3161.TokenRefused, match="does not verify"):
        checked(Authority(), authority.answer(asked(), AT))


@pytest.mark.parametrize("at", [datetime(2025, 12, 31, tzinfo=UTC), datetime(2028, 1, 2, tzinfo=UTC)])
def test_a_time_outside_the_certificate_is_refused(authority, at):
    with pytest.raises(rfc3161.TokenRefused, match="does not verify|not valid at the time"):
        checked(authority, authority.answer(asked(), at))


@pytest.mark.parametrize(
    ("usages", "critical", "said"),
    [
        ((ExtendedKeyUsageOID.TIME_STAMPING,), False, "marked critical"),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), True, "for time stamping alone"),
        (
            (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING),
            True,
            "for time stamping alone",
        ),
        ((), True, "names no purpose"),
    ],
)
def test_a_signer_for_another_purpose_is_refused(usages, critical, said):
    authority = Authority(usages=usages, critical=critical)
    with pytest.raises(rfc3161.TokenRefused, match=said):
        checked(authority, authority.answer(asked(), AT))


@pytest.fixture(scope="module")
def reply(authority):
    return authority.answer(asked(), AT)


@given(st.integers(0, 4_000), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(authority, reply, place, flip):
    at = place % len(reply)
    changed = reply[:at] + bytes([reply[at] ^ flip]) + reply[at + 1 :]
    try:
        stamp = checked(authority, changed)
    except rfc3161.TokenRefused:
        return
    assert stamp == checked(authority, reply)


def test_no_place_breaks_the_reader(authority, reply):
    """The library has errors of its own for some: a version, the type of a text in a name."""
    for at in range(len(reply)):
        for flip in (1, 0x20, 0x80):
            with suppress(rfc3161.TokenRefused):
                checked(authority, reply[:at] + bytes([reply[at] ^ flip]) + reply[at + 1 :])


@pytest.mark.parametrize("reply", [b"", b"no", b"\x30\x00", b"\x30\x80" * 40_000])
def test_what_is_no_stamp_is_refused(authority, reply):
    with pytest.raises(rfc3161.TokenRefused, match="not a time stamp|at most"):
        checked(authority, reply)


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_roots_that_are_none_are_refused(authority, pem):
    with pytest.raises(rfc3161.TokenRefused, match="cannot be checked"):
        checked(authority, authority.answer(asked(), AT), roots_pem=pem)


def test_the_certificates_themselves_are_no_roots(authority):
    """The signer's certificate in place of a root does not make a stamp good."""
    pem = authority.signer.public_bytes(serialization.Encoding.PEM)
    with pytest.raises(rfc3161.TokenRefused, match="cannot be checked"):
        checked(authority, authority.answer(asked(), AT), roots_pem=pem)


def test_openssl_agrees(authority, tmp_path):
    if not shutil.which("openssl"):
        missing("openssl")
    reply, text, root = tmp_path / "reply.tsr", tmp_path / "text", tmp_path / "root.pem"
    reply.write_bytes(authority.answer(asked(), AT))
    text.write_bytes(TEXT)
    root.write_bytes(authority.pem)
    words = ["openssl", "ts", "-verify", "-in", reply, "-data", text, "-CAfile", root]
    words += ["-attime", str(int(AT.timestamp()))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verification: OK" in done.stdout + done.stderr) == (0, True), done.stderr
    text.write_bytes(TEXT + b" ")
    assert subprocess.run(words, capture_output=True, check=False).returncode == 1


# --- the chain --------------------------------------------------------------------------------------


def test_selectors_are_the_hashes_of_the_signatures():
    keccak = pytest.importorskip("eth_utils").keccak
    assert keccak(text="anchor(bytes32,uint64,bytes32)")[:4] == evm.ANCHOR
    assert keccak(text="last_size(bytes32)")[:4] == evm.LAST_SIZE
    assert keccak(text="Anchored(bytes32,uint64,bytes32)") == evm.ANCHORED


def test_the_bytes_of_a_call():
    identity = evm.log_id("log.example/lode")
    assert identity.hex() == hashlib.sha256(b"log.example/lode").hexdigest()
    assert (
        evm.anchor_call(identity, 258, b"\7" * 32).hex() == f"70c127c6{identity.hex()}{258:064x}{'07' * 32}"
    )
    assert evm.last_size_call(identity) == evm.LAST_SIZE + identity


@pytest.mark.parametrize("size", [0, -1, 2**63])
def test_sizes_that_no_log_has_are_refused(size):
    with pytest.raises(ValueError, match="the size is from 1"):
        evm.anchor_call(bytes(32), size, bytes(32))


def test_hashes_of_another_length_are_refused():
    for identity, root in ((bytes(31), bytes(32)), (bytes(32), bytes(33))):
        with pytest.raises(ValueError, match="32 bytes"):
            evm.anchor_call(identity, 1, root)
    with pytest.raises(ValueError, match="32 bytes"):
        evm.last_size_call(bytes(20))


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_events_are_read_back(identity, size, root):
    data = size.to_bytes(32, "big") + root
    assert evm.read_event([evm.ANCHORED, identity], data) == evm.Anchored(
        log_id=identity, size=size, root=root
    )
    assert evm.read_event([bytes(32), identity], data) is None
    assert evm.read_event([evm.ANCHORED], data) is None
    assert evm.read_event([evm.ANCHORED, identity], data[:-1]) is None


def test_addresses():
    assert evm.is_address("0x" + "aB" * 20)
    assert not any(map(evm.is_address, ["", "0x", "ab" * 20, "0x" + "ab" * 21, "0x" + "ag" * 20]))
