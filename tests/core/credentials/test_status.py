"""Bitstring Status List v1.0: the published list, laws of the bits, entries and lists that are none."""

import gzip
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import bitstrings, model
from lodeline.credentials.standing import Standing, look_up, value
from lodeline.credentials.status import (
    MINIMUM,
    Code,
    Entry,
    StatusList,
    StatusRefused,
    decode,
    encode,
    new_entry,
    new_list,
    read_entry,
    read_list,
)
from lodeline.keys import b64url

# Bitstring Status List v1.0, example 4: all 131,072 bits are 0.
PUBLISHED = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://example.com/credentials/status/3"
ISSUER = "did:example:12345"


def refused(code, call, *args, **more):
    with pytest.raises(StatusRefused) as caught:
        call(*args, **more)
    assert (caught.value.code, caught.value.step) == (code, "status")
    return str(caught.value)


def with_bits(*indexes, entries=MINIMUM):
    bits = bytearray(bitstrings.blank(entries))
    for index in indexes:
        bitstrings.put_left(bits, index, 1)
    return bytes(bits)


def listed(*indexes, purpose="revocation", url=URL, **changed):
    made = new_list(
        url=url, issuer=ISSUER, purpose=purpose, bits=with_bits(*indexes), since="2026-11-01T00:00:00Z"
    )
    return {**made, **changed}


class TestPublished:
    def test_the_printed_list(self):
        assert decode(PUBLISHED) == bytes(16 * 1024)
        assert encode(bytes(16 * 1024)) == PUBLISHED

    def test_the_printed_credential(self):
        credential = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": URL,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": ISSUER,
            "validFrom": "2021-04-05T14:27:40Z",
            "credentialSubject": {
                "id": "https://example.com/status/3#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": PUBLISHED,
            },
        }
        found = read_list(credential, now=NOW)
        assert value(read_entry(new_entry(URL, "revocation", 94567)), found) == 0

    def test_the_printed_entry(self):
        given = {
            "id": "https://example.com/credentials/status/4#23452",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "suspension",
            "statusListIndex": "23452",
            "statusListCredential": "https://example.com/credentials/status/4",
        }
        found = read_entry(given)
        assert (found.index, found.purpose, found.size) == (23452, "suspension", 1)

    def test_our_lists_are_credentials_of_the_data_model(self):
        made = new_list(
            url=URL,
            issuer=ISSUER,
            purpose="suspension",
            bits=with_bits(3),
            since="2026-11-01T00:00:00Z",
            until="2027-11-01T00:00:00Z",
            ttl=300_000,
        )
        model.credential(made)
        found = read_list(made, now=NOW)
        assert (found.issuer, found.purposes, found.ttl) == (ISSUER, {"suspension"}, 300_000)
        assert found.bits == with_bits(3)

    @pytest.mark.parametrize(
        ("code", "url"),
        [
            (Code.RETRIEVAL, "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"),
            (Code.LENGTH, "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"),
            (Code.MALFORMED, "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"),
            (Code.RANGE, "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"),
        ],
    )
    def test_the_addresses_of_the_errors(self, code, url):
        assert code.url == url


class TestBits:
    def test_index_0_is_the_left_most_bit(self):
        assert with_bits(0)[0] == 0b1000_0000
        assert with_bits(7)[0] == 0b0000_0001
        assert with_bits(8)[1] == 0b1000_0000

    @given(
        st.sets(st.integers(0, MINIMUM - 1), max_size=30), st.lists(st.integers(0, MINIMUM - 1), max_size=20)
    )
    def test_round_trip(self, chosen, others):
        bits = decode(encode(with_bits(*chosen)))
        assert all(bitstrings.left(bits, index) for index in chosen)
        assert [bitstrings.left(bits, index) for index in others] == [int(at in chosen) for at in others]
        assert int.from_bytes(bits, "big").bit_count() == len(chosen)

    @given(st.integers(1, 8), st.lists(st.integers(0, 255), min_size=1, max_size=40), st.booleans())
    def test_values_of_several_bits(self, size, numbers, ours):
        size = size if ours else 1 << size % 4
        put, get = (
            (bitstrings.put_left, bitstrings.left) if ours else (bitstrings.put_right, bitstrings.right)
        )
        numbers = [number % (1 << size) for number in numbers]
        bits = bytearray(b"\xff" * len(bitstrings.blank(len(numbers), size)))
        for index, number in enumerate(numbers):
            put(bits, index, number, size)
        assert [get(bytes(bits), index, size) for index in range(len(numbers))] == numbers
        expected = "".join(f"{number:0{size}b}" for number in numbers)
        if ours:
            assert f"{int.from_bytes(bits, 'big'):0{len(bits) * 8}b}".startswith(expected)

    @pytest.mark.parametrize("get", [bitstrings.left, bitstrings.right])
    @pytest.mark.parametrize("index", [-1, 16, 10**9])
    def test_outside(self, get, index):
        with pytest.raises(IndexError):
            get(b"\x00\x00", index)

    @pytest.mark.parametrize("put", [bitstrings.put_left, bitstrings.put_right])
    def test_what_does_not_fit(self, put):
        with pytest.raises(ValueError, match="does not fit"):
            put(bytearray(2), 0, 2)
        for outside in (16, -1):
            with pytest.raises(IndexError):
                put(bytearray(2), outside, 1)


class TestHostileLists:
    @pytest.mark.parametrize(
        "encoded", [None, 1, "", PUBLISHED[1:], "z" + PUBLISHED[1:], "u", "u===", "uAAAA"]
    )
    def test_other_encodings(self, encoded):
        refused(Code.MALFORMED, decode, encoded)

    def test_a_bomb(self):
        packed = gzip.compress(bytes(200 * 1024 * 1024), 9)
        assert "more than" in refused(Code.MALFORMED, decode, "u" + b64url(packed))

    def test_exactly_at_the_limit(self):
        packed = "u" + b64url(gzip.compress(bytes(bitstrings.LIMIT), 1))
        assert len(decode(packed)) == bitstrings.LIMIT

    def test_cut_off_doubled_or_with_more_behind(self):
        packed = gzip.compress(bytes(16384))
        for wrong in (packed[:-1], packed[:20], packed + b"x", packed + packed):
            refused(Code.MALFORMED, decode, "u" + b64url(wrong))

    def test_padding(self):
        padded = "u" + urlsafe_b64encode(gzip.compress(bytes(16384), mtime=0)).decode()
        refused(Code.MALFORMED, decode, padded if padded.endswith("=") else padded + "=")

    def test_a_damaged_check_sum(self):
        packed = bytearray(gzip.compress(bytes(16384)))
        packed[-6] ^= 1
        refused(Code.MALFORMED, decode, "u" + b64url(bytes(packed)))

    @pytest.mark.parametrize(
        "changed",
        [
            {"type": ["VerifiableCredential"]},
            {"type": None},
            {"validFrom": "2026-11-22T12:00:01Z"},
            {"validUntil": "2026-11-22T11:59:59Z"},
        ],
    )
    def test_lists_that_are_none_or_not_in_force(self, changed):
        refused(Code.VERIFICATION, read_list, listed(**changed), now=NOW)

    @pytest.mark.parametrize(
        "changed",
        [
            {"validFrom": "2026-11-22"},
            {"validFrom": "2026-11-22T11:00:00"},
            {"validUntil": "2026-13-22T11:00:00Z"},
            {"issuer": None},
            {"issuer": {}},
            {"credentialSubject": []},
            {"credentialSubject": {"type": "StatusList2021", "statusPurpose": "x", "encodedList": PUBLISHED}},
        ],
    )
    def test_malformed_lists(self, changed):
        refused(Code.MALFORMED, read_list, listed(**changed), now=NOW)

    @pytest.mark.parametrize(
        "changed",
        [
            {"statusPurpose": None}, {"statusPurpose": []}, {"statusPurpose": [1]}, {"statusPurpose": ""},
            {"ttl": -1}, {"ttl": "300"}, {"ttl": True}, {"statusSize": "1"}, {"encodedList": None},
        ],
    )  # fmt: skip
    def test_malformed_subjects(self, changed):
        made = listed()
        made["credentialSubject"] |= changed
        refused(Code.MALFORMED, read_list, made, now=NOW)

    @pytest.mark.parametrize("wrong", [None, [], "text"])
    def test_no_credential(self, wrong):
        refused(Code.VERIFICATION, read_list, wrong, now=NOW)

    def test_a_list_too_short_to_hide_anybody(self):
        short = StatusList(issuer=ISSUER, purposes=frozenset({"revocation"}), bits=bytes(16383))
        refused(Code.LENGTH, value, Entry(purpose="revocation", index=0, url=URL), short)
        wide = StatusList(issuer=ISSUER, purposes=frozenset({"m"}), bits=bytes(16384))
        refused(Code.LENGTH, value, Entry(purpose="m", index=0, url=URL, size=2), wide)
        refused(
            Code.LENGTH, new_list, url=URL, issuer=ISSUER, purpose="revocation", bits=bytes(16383), since="x"
        )

    def test_another_purpose_or_size(self):
        found = read_list(listed(), now=NOW)
        refused(Code.VERIFICATION, value, Entry(purpose="suspension", index=0, url=URL), found)
        sized = StatusList(issuer=ISSUER, purposes=frozenset({"m"}), bits=bytes(65536), size=2)
        refused(Code.VERIFICATION, value, Entry(purpose="m", index=0, url=URL), sized)

    def test_several_purposes_in_one_list(self):
        found = read_list(listed(5, purpose=["revocation", "suspension"]), now=NOW)
        assert value(Entry(purpose="suspension", index=5, url=URL), found) == 1

    def test_an_index_outside(self):
        found = read_list(listed(), now=NOW)
        assert value(Entry(purpose="revocation", index=MINIMUM - 1, url=URL), found) == 0
        refused(Code.RANGE, value, Entry(purpose="revocation", index=MINIMUM, url=URL), found)


GOOD = new_entry(URL, "revocation", 7)
MESSAGES = [{"status": f"0x{number:x}", "message": f"m{number}"} for number in range(4)]


class TestEntries:
    def test_it_has_a_name_that_is_not_the_lists(self):
        """Without one it is a blank node, and canonicalization has to find out which of several it is."""
        assert GOOD["id"] == f"{URL}#7"
        assert read_entry({name: item for name, item in GOOD.items() if name != "id"}) == read_entry(GOOD)

    @pytest.mark.parametrize("missing", sorted(set(GOOD) - {"id"}))
    def test_missing_members(self, missing):
        refused(Code.MALFORMED, read_entry, {name: item for name, item in GOOD.items() if name != missing})

    @pytest.mark.parametrize(
        "wrong", [7, -7, "-7", "+7", "7.0", "0x7", "", " 7", "7 ", "七", "٧", "1e3", None, [7], True]
    )
    def test_indexes_that_are_none(self, wrong):
        refused(Code.MALFORMED, read_entry, {**GOOD, "statusListIndex": wrong})

    @pytest.mark.parametrize("text", ["0", "007", "131071"])
    def test_indexes(self, text):
        assert read_entry({**GOOD, "statusListIndex": text}).index == int(text)

    def test_an_index_of_any_size_is_read_in_no_time(self):
        refused(Code.RANGE, read_entry, {**GOOD, "statusListIndex": "9" * 1_000_000})

    @pytest.mark.parametrize(
        "changed",
        [
            {"type": "StatusList2021Entry"}, {"type": []}, {"type": None}, {"type": 1},
            {"statusPurpose": ""}, {"statusPurpose": ["revocation"]}, {"statusPurpose": 1},
            {"statusListCredential": "http://example.com/1"}, {"statusListCredential": "https://"},
            {"statusListCredential": "example.com"}, {"statusListCredential": 1},
            {"statusListCredential": "file:///etc/passwd"}, {"statusListCredential": "https://[x"},
            {"id": URL}, {"id": "no address"}, {"id": 1}, {"id": None}, {"id": ""},
            {"statusSize": 0}, {"statusSize": -1}, {"statusSize": "1"}, {"statusSize": True}, {"statusSize": 1.5},
            {"statusSize": 2}, {"statusSize": 9, "statusMessage": []}, {"statusSize": 10**9, "statusMessage": []},
            {"statusPurpose": "message"}, {"statusMessage": MESSAGES}, {"statusSize": 2, "statusMessage": MESSAGES[:3]},
            {"statusSize": 2, "statusMessage": [*MESSAGES[:3], MESSAGES[0]]},
            {"statusSize": 2, "statusMessage": [*MESSAGES[:3], {"status": "3", "message": "x"}]},
            {"statusSize": 2, "statusMessage": [*MESSAGES[:3], {"status": "0x3"}]},
            {"statusSize": 2, "statusMessage": [*MESSAGES[:3], "0x3"]}, {"statusSize": 2, "statusMessage": "x"},
        ],
    )  # fmt: skip
    def test_malformed(self, changed):
        refused(Code.MALFORMED, read_entry, {**GOOD, **changed})

    @pytest.mark.parametrize("wrong", [None, [], "text", 1])
    def test_no_object(self, wrong):
        refused(Code.MALFORMED, read_entry, wrong)

    def test_messages(self):
        found = read_entry({**GOOD, "statusPurpose": "message", "statusSize": 2, "statusMessage": MESSAGES})
        assert (found.size, found.messages[3]) == (2, "m3")


OTHER = "https://example.com/credentials/status/4"


def credential(*entries):
    return {"issuer": {"id": ISSUER}, "credentialStatus": list(entries)}


def fetching(*lists):
    by_url = {item["id"]: json.loads(json.dumps(item)) for item in lists}

    def fetch(url):
        if url not in by_url:
            raise StatusRefused(Code.RETRIEVAL, "nobody answers")
        return by_url[url]

    return fetch


REVOKED = new_entry(URL, "revocation", 7)
SUSPENDED = new_entry(OTHER, "suspension", 9)


class TestLookUp:
    @pytest.mark.parametrize(
        ("revoked", "suspended", "standing"),
        [
            ((), (), Standing.GOOD),
            ((7,), (), Standing.REVOKED),
            ((), (9,), Standing.SUSPENDED),
            ((7,), (9,), Standing.REVOKED),
            ((9,), (7,), Standing.GOOD),
        ],
    )
    def test_two_lists(self, revoked, suspended, standing):
        fetch = fetching(listed(*revoked), listed(*suspended, purpose="suspension", url=OTHER))
        assert look_up(credential(REVOKED, SUSPENDED), fetch, now=NOW).standing is standing

    def test_a_list_that_cannot_be_reached_leaves_it_unknown(self):
        suspension = listed(purpose="suspension", url=OTHER)
        found = look_up(credential(REVOKED, SUSPENDED), fetching(suspension), now=NOW)
        assert found.standing is Standing.UNKNOWN
        assert [reading.value for reading in found.readings] == [None, 0]
        assert look_up(credential(REVOKED), fetching(), now=NOW).standing is Standing.UNKNOWN

    def test_what_is_known_weighs_more_than_what_is_not(self):
        suspension = listed(9, purpose="suspension", url=OTHER)
        found = look_up(credential(REVOKED, SUSPENDED), fetching(suspension), now=NOW)
        assert found.standing is Standing.SUSPENDED

    def test_without_entries(self):
        assert look_up({"issuer": ISSUER}, fetching(), now=NOW).standing is Standing.GOOD

    def test_one_entry_without_a_list_around_it(self):
        given = {"issuer": ISSUER, "credentialStatus": REVOKED}
        assert look_up(given, fetching(listed(7)), now=NOW).standing is Standing.REVOKED

    def test_one_malformed_entry_among_good_ones(self):
        wrong = {**REVOKED, "statusListIndex": 7}
        refused(Code.MALFORMED, look_up, credential(REVOKED, wrong), fetching(listed()), now=NOW)

    def test_a_list_of_somebody_else(self):
        fetch = fetching(listed(issuer="did:example:mallory"))
        refused(Code.VERIFICATION, look_up, credential(REVOKED), fetch, now=NOW)
        found = look_up(
            credential(REVOKED), fetch, now=NOW, may_speak=lambda keeper, _: keeper.endswith("mallory")
        )
        assert found.standing is Standing.GOOD

    def test_a_list_that_does_not_hold(self):
        def fetch(url):
            raise StatusRefused(Code.VERIFICATION, "its signature does not hold")

        refused(Code.VERIFICATION, look_up, credential(REVOKED), fetch, now=NOW)

    def test_a_list_out_of_date(self):
        stale = listed(validUntil="2026-11-22T11:00:00Z")
        refused(Code.VERIFICATION, look_up, credential(REVOKED), fetching(stale), now=NOW)
        before = look_up(credential(REVOKED), fetching(stale), now=NOW - timedelta(hours=2))
        assert before.standing is Standing.GOOD

    def test_messages_do_not_invalidate(self):
        bits = bytearray(bitstrings.blank(MINIMUM, 2))
        bitstrings.put_left(bits, 7, 3, 2)
        made = new_list(
            url=URL, issuer=ISSUER, purpose="message", bits=bytes(bits), since="2026-11-01T00:00:00Z"
        )
        entry = {**REVOKED, "statusPurpose": "message", "statusSize": 2, "statusMessage": MESSAGES}
        found = look_up(credential(entry), fetching(made), now=NOW)
        assert (found.standing, found.readings[0].value, found.readings[0].message) == (
            Standing.GOOD,
            3,
            "m3",
        )

    def test_a_purpose_nobody_knows(self):
        entry = new_entry(URL, "haunted", 7)
        assert (
            look_up(credential(entry), fetching(listed(purpose="haunted")), now=NOW).standing is Standing.GOOD
        )
        fetch = fetching(listed(7, purpose="haunted"))
        assert look_up(credential(entry), fetch, now=NOW).standing is Standing.UNKNOWN


def test_nothing_said_in_a_status_entry_crashes():
    """Every member of an entry replaced by every odd value, alone and in pairs."""
    odd = [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        "0",
        "9" * 400,
        [],
        [[]],
        {},
        {"id": 1},
        "https://example.com/\x00",
    ]
    names = [*GOOD, "id", "statusSize", "statusMessage"]
    for first in names:
        for second in names:
            for one in odd:
                for other in odd:
                    try:
                        read_entry({**GOOD, first: one, second: other})
                    except StatusRefused as error:
                        assert error.code in {Code.MALFORMED, Code.RANGE}
