"""Token Status List: values printed in the draft, and what is none."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import bitstrings
from lodeline.credentials.signing import seal
from lodeline.credentials.status import Code, StatusRefused
from lodeline.credentials.token_status import Kind, combined, decode, encode, read, reference, token
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey, b64url

KEY = SigningKey(b"\x01" * 32)
NOW = 1_790_000_000
URI = "https://example.com/statuslists/1"

# draft-ietf-oauth-status-list, section "Compressed Byte Array", and the JSON in "Status List in JSON Format".
ONE_BIT = (bytes([0xB9, 0xA3]), 1, "eNrbuRgAAhcBXQ", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
TWO_BITS = (bytes([0xC9, 0x44, 0xF9]), 2, "eNo76fITAAPfAgc", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])
# The same document, test vectors: 2^20 entries of one bit.
LONG = (
    "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAA"
    "AJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb"
)


def refused(code, call, *args, **more):
    with pytest.raises(StatusRefused) as caught:
        call(*args, **more)
    assert caught.value.code is code


@pytest.mark.parametrize(("raw", "size", "text", "values"), [ONE_BIT, TWO_BITS])
def test_the_printed_lists(raw, size, text, values):
    assert encode(raw, size) == {"bits": size, "lst": text}
    assert decode({"bits": size, "lst": text}) == (raw, size)
    assert [bitstrings.right(raw, index, size) for index in range(len(values))] == values


def test_the_long_printed_list():
    bits, _ = decode({"bits": 1, "lst": LONG})
    assert len(bits) * 8 == 2**20
    set_there = [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345]
    assert [index for index in range(2**20) if bitstrings.right(bits, index)] == set_there


@given(st.sets(st.integers(0, 799)), st.sets(st.integers(0, 799)))
def test_two_lists_of_the_w3c_as_one(revoked, suspended):
    lists = []
    for chosen in (revoked, suspended):
        bits = bytearray(bitstrings.blank(800))
        for index in chosen:
            bitstrings.put_left(bits, index, 1)
        lists.append(bytes(bits))
    found = combined(*lists)
    for index in range(800):
        expected = Kind.INVALID if index in revoked else Kind.SUSPENDED if index in suspended else Kind.VALID
        assert bitstrings.right(found, index, 2) == expected


def test_a_signed_list_is_read_again():
    made = token(uri=URI, bits=ONE_BIT[0], size=1, signer=KEY, now=NOW, lasts=3600, ttl=300, kid="12")
    found = read(made, KEY.verify_key, uri=URI, now=NOW)
    assert ([found.value(index) for index in range(16)], found.ttl) == (ONE_BIT[3], 300)
    refused(Code.RANGE, found.value, 16)
    refused(Code.RANGE, found.value, -1)
    refused(Code.VERIFICATION, read, made, KEY.verify_key, uri=URI + "0", now=NOW)
    with pytest.raises(CredentialRefused, match="expired"):
        read(made, KEY.verify_key, uri=URI, now=NOW + 3600)
    with pytest.raises(CredentialRefused, match="does not fit"):
        read(made, SigningKey(b"\x02" * 32).verify_key, uri=URI, now=NOW)


@pytest.mark.parametrize(
    "changed", [{"iat": ...}, {"ttl": 0}, {"ttl": -1}, {"ttl": "300"}, {"status_list": ...}]
)
def test_malformed_tokens(changed):
    claims = {"sub": URI, "iat": NOW, "status_list": {"bits": 1, "lst": ONE_BIT[2]}, **changed}
    claims = {name: item for name, item in claims.items() if item is not ...}
    made = seal({"typ": "statuslist+jwt"}, claims, KEY)
    refused(Code.MALFORMED, read, made, KEY.verify_key, uri=URI, now=NOW)


def test_another_type():
    with pytest.raises(CredentialRefused, match="of type"):
        read(seal({"typ": "JWT"}, {"sub": URI}, KEY), KEY.verify_key, uri=URI, now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        None, "text", {}, {"bits": 1}, {"bits": 3, "lst": ONE_BIT[2]}, {"bits": "1", "lst": ONE_BIT[2]},
        {"bits": True, "lst": ONE_BIT[2]}, {"bits": 1, "lst": ONE_BIT[2][:-2]}, {"bits": 1, "lst": "u" + ONE_BIT[2]},
        {"bits": 1, "lst": ""}, {"bits": 1, "lst": ["x"]}, {"bits": [1], "lst": ONE_BIT[2]},
    ],
)  # fmt: skip
def test_malformed_lists(wrong):
    refused(Code.MALFORMED, decode, wrong)


def test_a_bomb():
    refused(Code.MALFORMED, decode, {"bits": 1, "lst": b64url(zlib.compress(bytes(64 * 1024 * 1024), 9))})


def test_sizes_that_do_not_exist():
    refused(Code.MALFORMED, encode, b"\x00", 3)
    refused(Code.MALFORMED, combined, b"\x00", b"\x00\x00")


def test_references():
    assert reference({}) is None
    found = reference({"status": {"status_list": {"idx": 0, "uri": URI}}})
    assert (found.index, found.uri) == (0, URI)


@pytest.mark.parametrize(
    "wrong",
    [
        "x", [], {}, {"status_list": []}, {"status_list": {"idx": "0", "uri": URI}}, {"status_list": {"uri": URI}},
        {"status_list": {"idx": -1, "uri": URI}}, {"status_list": {"idx": True, "uri": URI}},
        {"status_list": {"idx": 1.0, "uri": URI}}, {"status_list": {"idx": 0, "uri": "http://example.com"}},
        {"status_list": {"idx": 0, "uri": None}},
    ],
)  # fmt: skip
def test_malformed_references(wrong):
    refused(Code.MALFORMED, reference, {"status": wrong})
