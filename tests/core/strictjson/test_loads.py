"""What the parser refuses, by rule and place, and that it agrees with a slow reference otherwise."""

from __future__ import annotations

import json
import math
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.strictjson import MAX_DEPTH, MAX_INTEGER, StrictJSONError, loads, pointer, reading, repeats
from lodeline.strictjson.reading import _SHORT, _unmistakable

REFUSED = {
    "empty": (b"", "json.empty", ""),
    "only spaces": (b" \n\t ", "json.empty", ""),
    "byte order mark": (b"\xef\xbb\xbf{}", "json.byte-order-mark", ""),
    "utf-16": ('{"a":1}'.encode("utf-16"), "json.encoding", ""),
    "utf-16 without mark": ('{"a":1}'.encode("utf-16-le"), "json.encoding", ""),
    "utf-32": ('{"a":1}'.encode("utf-32-be"), "json.encoding", ""),
    "latin-1": ('{"name":"Åre"}'.encode("latin-1"), "json.encoding", ""),
    "overlong utf-8": (b'{"a":"\xc0\xaf"}', "json.encoding", ""),
    "truncated": (b'{"a":[1,2', "json.truncated", ""),
    "truncated string": (b'{"a":"b', "json.truncated", ""),
    "trailing": (b"{} {}", "json.trailing", ""),
    "not json": (b"{'a': 1}", "json.syntax", ""),
    "comment": (b"// hello\n{}", "json.syntax", ""),
    "leading zero": (b'{"a":[0,01]}', "json.syntax", "/a/1"),
    "duplicate": (b'{"a":{"b":[1,{"c":1,"d":2,"c":1}]}}', "json.duplicate-key", "/a/b/1/c"),
    "duplicate by escape": (rb'{"a":1,"\u0061":2}', "json.duplicate-key", "/a"),
    "duplicate empty key": (b'{"":1,"":2}', "json.duplicate-key", "/"),
    "NaN": (b'{"a":[1,NaN]}', "json.not-a-number", "/a/1"),
    "minus infinity": (b'{"a":-Infinity}', "json.not-a-number", "/a"),
    "1e400": (b'{"q":{"r":1e400}}', "json.number-range", "/q/r"),
    "huge integer": (b'{"a":[1,123456789012345678901234567890]}', "json.integer-range", "/a/1"),
    "2^53": (b"[9007199254740992]", "json.integer-range", "/0"),
    "-2^53": (b"[-9007199254740992]", "json.integer-range", "/0"),
    "2^53 as a double": (b'{"a":[9007199254740992.0]}', "json.integer-range", "/a/0"),
    "1e20": (b'{"a":-1e20}', "json.integer-range", "/a"),
    "long fraction": (b'{"a":0.' + b"1" * 200 + b"}", "json.number-length", "/a"),
    "lone high surrogate": (rb'{"a":"\ud800"}', "json.surrogate", "/a"),
    "lone low surrogate": (rb'{"a":"\udc00x"}', "json.surrogate", "/a"),
    "too deep": (b"[" * 65 + b"]" * 65, "json.too-deep", "/0" * 64),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_rule_and_place(case):
    data, rule, place = REFUSED[case]
    with pytest.raises(StrictJSONError) as refused:
        loads(data)
    assert (refused.value.rule, refused.value.pointer if place else "") == (rule, place)


def test_positions_are_byte_offsets():
    with pytest.raises(StrictJSONError) as refused:
        loads('{"å":1,"b":1e400}'.encode())
    assert refused.value.position == len('{"å":1,"b":'.encode())


def test_edges_are_accepted():
    assert loads(b"[9007199254740991,-9007199254740991]") == [MAX_INTEGER, -MAX_INTEGER]
    assert loads(b"[1E30, 1.2345678901234567e300]") == [1e30, 1.2345678901234567e300]
    assert loads(b"[" * 64 + b"]" * 64) is not None
    assert loads(rb'"\ud83d\ude00\u0000\\\""') == '😀\x00\\"'
    assert loads(rb'{"\\":1,"\"":2,"\\\"":3}') == {"\\": 1, '"': 2, '\\"': 3}


def test_a_named_member_may_be_tolerated_twice():
    data = b'{"a":{"x":"1","x":{"x":2}},"b":{"x":1}}'
    assert loads(data, tolerated=[("a", "x")]) == {"a": {"x": {"x": 2}}, "b": {"x": 1}}
    assert repeats(data) == {("a", "x"): [b'"1"', b"{"]}


def test_limits():
    with pytest.raises(StrictJSONError, match="limit is 9") as refused:
        loads(b'"12345678"', max_bytes=9)
    assert refused.value.rule == "json.too-large"
    with pytest.raises(StrictJSONError) as refused:
        loads(b"[1,2,3,4]", max_values=4)
    assert refused.value.rule == "json.too-many-values"
    assert loads(b"[1,2,3]", max_values=4) == [1, 2, 3]


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 10**6 + b"]" * 10**6,
        b'{"a":' * 10**6,
        b" " * 30_000_000,
        b'"' + rb"\"" * 15_000_000,
        b"[" + b"[]," * 5_000_000 + b"[]]",
        b"[" + b"9" * 10**6 + b"]",
        b'{"a":1,"a":2,' + b'"b":' * 100_000,
    ],
    ids=["deep array", "deep object", "spaces", "quotes", "many arrays", "long number", "bad grammar"],
)
def test_hostile_input_ends_soon(data):
    begin = time.process_time()
    with pytest.raises(StrictJSONError):
        loads(data)
    assert time.process_time() - begin < 20  # minutes if anything here were quadratic


def reference(data: bytes):
    """The same rules on the standard library's parser."""

    def members(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("duplicate")
        return found

    def integer(text):
        if abs(int(text)) > MAX_INTEGER:
            raise ValueError("range")
        return int(text)

    def real(text):
        if not math.isfinite(float(text)) or 2**53 <= abs(float(text)) < 1e21:
            raise ValueError("range")
        return float(text)

    def constant(text):
        raise ValueError(text)

    text = data.decode("utf-8")
    value = json.loads(
        text, object_pairs_hook=members, parse_int=integer, parse_float=real, parse_constant=constant
    )
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # lone surrogates
    return value


PIECES = st.sampled_from(
    (
        rb'{ } [ ] , : " \ a 1 - . e9 "a": "k" "\\" "\"" "\u0061" "\ud800" 9007199254740993'
        b" 1e999 NaN true null \xc3\xa9"
    ).split()
)


@given(st.lists(PIECES, max_size=14).map(b"".join))
@settings(max_examples=3000)
def test_agrees_with_the_reference_on_noise(data):
    agrees(data)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]), st.data())
def test_agrees_with_the_reference_on_documents_with_a_cut_or_a_swap(value, ascii_only, indent, data):
    try:
        text = bytearray(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode())
    except UnicodeEncodeError:
        return
    agrees(bytes(text))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at : at + data.draw(st.integers(0, 3))] = data.draw(PIECES)
    agrees(bytes(text))


NUMBERS = st.sampled_from(
    "0 -0 7 -7.5 0.1 12.0 -0.0 1e5 1e-7 1.5e-7 0.00001 1e+16 1e16 1.5e+20 1e+21 1E+22 150000000000000000000 "  # noqa: SIM905
    "9007199254740991 9007199254740992 9007199254740991.0 9007199254740992.0 -9007199254740993.0 "
    "0.1234567890123456 1234567890123456 1234567890123456.5 99999999999999999999".split()
)


@given(VALUES, NUMBERS, st.data())
@settings(max_examples=300)
def test_agrees_with_the_reference_on_compact_documents(value, number, data):
    """Those that come back byte for byte take the short way."""
    try:
        body = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return
    text = bytearray(b'{"a":' + body + b',"b":[' + number.encode() + b'],"c":' + number.encode() + b"}")
    agrees(bytes(text))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at : at + data.draw(st.integers(0, 3))] = data.draw(PIECES)
    agrees(bytes(text))


def test_the_short_way_is_taken():
    """It rests on how orjson writes doubles; another spelling would turn it off."""
    assert _SHORT > 0
    assert _unmistakable(b'{"a":[1,2.5,"b"]}', MAX_DEPTH) == {"a": [1, 2.5, "b"]}
    assert [_unmistakable(data, MAX_DEPTH) for data in (b"{ }", b'{"a":1,"a":1}', b"[1e+16]", b"7")] == [
        None
    ] * 4


ITEMS = st.sampled_from(
    [
        "1", "-0", "0.0", "1.0", "1e16", "1E3", "9007199254740991", "9007199254740992", "9007199254740993", "1e400",
        "9007199254740992.0", "18446744073709551616", "0.1234567890123456789", "1" * 120, '"a"', '"\\u0061"',
        '"\\ud800"', '",1e5"',
        '"é"', "true", "null", "NaN", "Infinity", "[1,[2]]", '{"a":1}', '{"a":1,"a":1}', '{"b":1,"a":{"c":[]}}', "{}",
        " 1",
        "[" * 70 + "]" * 70, '"\x00"', "123456789012.34", "-123456789012345", "1234567890123456.5",
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(ITEMS, min_size=1, max_size=5), st.sampled_from([",", ", ", ""]), st.binary(max_size=3))
def test_the_short_way_is_the_long_one(items, between, junk):
    for data in (f"[{between.join(items)}]".encode(), items[0].encode(), f"[{items[0]}]".encode() + junk):
        said = []
        for most in (reading._SHORT, 0):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(reading, "_SHORT", most)
                try:
                    said.append(repr(loads(data)))
                except StrictJSONError as error:
                    said.append((error.rule, error.position, error.pointer))
        assert said[0] == said[1]


@pytest.mark.parametrize("inner", [b"0", b"[]", b"{}", b'{"a":[{}]}', b'["  ]  [ "]'])
def test_depth_is_counted_the_same_on_both_ways(inner):
    """Compact or not, with brackets in texts or without, an empty innermost level or none."""
    noise = b'"' + b"[" * 70 + b'",'
    for levels in range(55, 70):
        compact = b"[" * levels + noise + inner + b"]" * levels
        said = []
        for data in (compact, compact + b" "):
            try:
                said.append(loads(data))
            except StrictJSONError as error:
                said.append(error.rule)
        assert said[0] == said[1]
        deepest = levels + {b"0": 0, b'{"a":[{}]}': 3}.get(inner, 1)
        assert (said[0] == "json.too-deep") == (deepest > MAX_DEPTH)


def agrees(data: bytes) -> None:
    try:
        expected = reference(data)
    except (ValueError, RecursionError):
        with pytest.raises(StrictJSONError):
            loads(data)
        return
    assert loads(data) == expected


def test_pointer_escapes():
    assert pointer(["a/b", 0, "~"]) == "/a~1b/0/~0"
    assert pointer([]) == ""
