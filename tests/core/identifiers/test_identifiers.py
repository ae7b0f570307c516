"""One key for one thing, however it is spelled; nothing hostile is ever a key."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lodeline.identifiers import (
    IdentifierError,
    check_digit,
    gtin_valid,
    is_item,
    normalise,
    parse_digital_link,
)


@pytest.mark.parametrize(
    ("body", "digit"),
    [("629104150021", "3"), ("37610425002123456", "9"), ("0061414100003", "6"), ("9638507", "4"), ("0", "0")],
)
def test_check_digits_published_by_gs1(body, digit):
    assert check_digit(body) == digit


@given(st.text(string.digits, min_size=13, max_size=13), st.integers(0, 12), st.integers(1, 9))
def test_a_changed_digit_is_noticed(body, at, by):
    good = body + check_digit(body)
    bad = good[:at] + str((int(good[at]) + by) % 10) + good[at + 1 :]
    assert gtin_valid(good)
    assert not gtin_valid(bad)


@pytest.mark.parametrize(
    "gtin", ["", "1", "629104150021x", "62910415002134567", "６２９１０４１５００２１３"]
)
def test_what_is_no_gtin(gtin):
    assert not gtin_valid(gtin)


# Pairs of the GS1 Tag Data Standard and the EPCIS artefacts: URN and canonical Digital Link.
PAIRS = {
    "urn:epc:id:sgtin:9506000.013435.12345": "https://id.gs1.org/01/09506000134352/21/12345",
    "urn:epc:id:sgtin:0614141.112345.32a%2Fb": "https://id.gs1.org/01/10614141123459/21/32a%2Fb",
    "urn:epc:id:sgtin:0614141.112345.A.B": "https://id.gs1.org/01/10614141123459/21/A.B",
    "urn:epc:idpat:sgtin:4012345.098765.*": "https://id.gs1.org/01/04012345987652",
    "urn:epc:class:lgtin:4012345.012345.998877": "https://id.gs1.org/01/04012345123456/10/998877",
    "urn:epc:id:upui:1234567.089456.51qIgY)%3C%26Jp3*j7SDB": (
        "https://id.gs1.org/01/01234567894560/235/51qIgY%29%3C%26Jp3%2Aj7SDB"
    ),
    "urn:epc:id:sscc:0614141.1234567890": "https://id.gs1.org/00/106141412345678908",
    "urn:epc:id:sgln:0614141.12345.0": "https://id.gs1.org/414/0614141123452",
    "urn:epc:id:sgln:0614141.12345.400": "https://id.gs1.org/414/0614141123452/254/400",
    "urn:epc:idpat:sgln:0614141.12345.*": "https://id.gs1.org/414/0614141123452",
    "urn:epc:id:pgln:0614141.12345": "https://id.gs1.org/417/0614141123452",
    "urn:epc:id:grai:0614141.12345.400": "https://id.gs1.org/8003/00614141123452400",
    "urn:epc:idpat:grai:0614141.12345.*": "https://id.gs1.org/8003/00614141123452",
    "urn:epc:id:giai:0614141.12345400": "https://id.gs1.org/8004/061414112345400",
    "urn:epc:id:gsrn:0614141.1234567890": "https://id.gs1.org/8018/061414112345678902",
    "urn:epc:id:gsrnp:0614141.1234567890": "https://id.gs1.org/8017/061414112345678902",
    "urn:epc:id:gdti:0614141.12345.400": "https://id.gs1.org/253/0614141123452400",
    "urn:epc:id:sgcn:4012345.67890.04711": "https://id.gs1.org/255/401234567890104711",
    "urn:epc:id:ginc:0614141.xyz3311cba": "https://id.gs1.org/401/0614141xyz3311cba",
    "urn:epc:id:gsin:0614141.123456789": "https://id.gs1.org/402/06141411234567890",
    "urn:epc:id:itip:9521141.012345.04.04.4321": "https://id.gs1.org/8006/095211411234540404/21/4321",
    "urn:epc:id:cpi:0614141.5PQ7%2FZ43.12345": "https://id.gs1.org/8010/06141415PQ7%2FZ43/8011/12345",
    "https://example.com/some/shop/414/4012345000054": "https://id.gs1.org/414/4012345000054",
    "HTTPS://ID.GS1.ORG/01/9506000134352/21/12345?3103=000195": "https://id.gs1.org/01/09506000134352/21/12345",
    "http://id.gs1.org/01/09506000134352/22/2A/10/ABC/21/12345": "https://id.gs1.org/01/09506000134352/21/12345",
    "https://id.gs1.org/01/09506000134352/22/2A/10/ABC": "https://id.gs1.org/01/09506000134352/10/ABC",
    "https://id.gs1.org/01/9506000134352/10/a%2db%7e": "https://id.gs1.org/01/09506000134352/10/a-b~",
    "https://id.gs1.org/8017/061414112345678902/8019/7": "https://id.gs1.org/8017/061414112345678902",
    "urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6": "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
}


@pytest.mark.parametrize("spelling", PAIRS)
def test_spellings(spelling):
    assert normalise(spelling) == PAIRS[spelling]
    assert normalise(PAIRS[spelling]) == PAIRS[spelling]


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:sgtin:123.456.7",  # too short a company prefix
        "urn:epc:id:sgtin:0614141.12345.7",  # one digit short
        "urn:epcglobal:cbv:bt:0614141073467:A123",
        "https://example.com/401/about",  # no company prefix: an address, not a key
        "https://id.gs1.org/01/09506000134353/21/1",  # check digit
        "https://id.gs1.org/01/09506000134352/21/1/10/2",  # qualifiers out of order
        "https://example.com/plant/7",
        "http://[not-an-address/01/09506000134352",
        "ni:///sha-256;00?ver=CBV2.0",
        "did:web:example.com",
        "bare-word",
    ],
)
def test_other_identifiers_stay(uri):
    assert normalise(uri) == uri


PREFIX = st.text(string.digits, min_size=6, max_size=12)
SERIAL = st.text(string.ascii_letters + string.digits + "-._", min_size=1, max_size=20).filter(
    lambda serial: serial.strip(".") != ""
)


@given(PREFIX, st.data(), SERIAL)
def test_all_spellings_of_an_item_meet_in_one_key(prefix, data, serial):
    reference = data.draw(st.text(string.digits, min_size=13 - len(prefix), max_size=13 - len(prefix)))
    body = reference[0] + prefix + reference[1:]
    gtin = body + check_digit(body)
    key = f"https://id.gs1.org/01/{gtin}/21/{serial}"
    escaped = "".join(f"%{ord(letter):02x}" for letter in serial)
    spellings = [
        f"urn:epc:id:sgtin:{prefix}.{reference}.{serial}",
        f"urn:EPC:id:SGTIN:{prefix}.{reference}.{serial}",
        f"http://maker.example/battery/01/{gtin}/21/{escaped}?linkType=all#top",
        f"https://id.gs1.org/01/{gtin}/10/LOT/21/{escaped.upper()}",
        key,
    ]
    if gtin.startswith("00"):
        spellings.append(f"https://id.gs1.org/01/{gtin[1:]}/21/{serial}")
    assert {normalise(spelling) for spelling in spellings} == {key}
    assert is_item(key)
    assert parse_digital_link(f"/01/{gtin}/21/{escaped}").keys == {"01": gtin, "21": serial}


@given(
    st.text(max_size=60)
    | st.from_regex(r"(urn:epc:id:[a-z]{4}:|https://id.gs1.org/)[ -~]{0,40}", fullmatch=True)
)
def test_normalising_twice_is_normalising_once_and_nothing_else_is_raised(uri):
    try:
        once = normalise(uri)
    except IdentifierError:
        return
    assert normalise(once) == once
    assert once.isprintable()


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\0", "\t", " ", '"', "<", ">", "\\", "\x7f", "\u202e", "\ud800"]
)
@pytest.mark.parametrize("form", ["https://id.gs1.org/01/09506000134352/21/A{}", "urn:x:{}b", "{}"])
def test_hostile_characters(form, character):
    with pytest.raises(IdentifierError):
        normalise(form.format(character))


@pytest.mark.parametrize("escaped", ["%0d%0a", "%00", "%0A", "%E2%80%AE", "%ff", "e%CC%81", "%20"])
def test_hostile_characters_behind_escapes(escaped):
    with pytest.raises(IdentifierError):
        normalise(f"https://id.gs1.org/01/09506000134352/21/A{escaped}")


@pytest.mark.parametrize(
    "uri",
    [
        "https://id.gs1.org/01/09506000134352/21/../22",
        "https://id.gs1.org/01/09506000134352/21/%2e%2e/22",
        "../../etc/passwd",
        "https://example.com/a/./b",
        "",
        "x" * 501,
        "urn:x:e\u0301",  # not in form NFC
    ],
)
def test_other_hostile_identifiers(uri):
    with pytest.raises(IdentifierError):
        normalise(uri)


def test_a_name_in_form_nfc_is_fine():
    assert normalise("urn:x:\u00e9") == "urn:x:\u00e9"


@pytest.mark.parametrize(
    "path", ["", "/", "01/09506000134352", "/01", "/01/", "/99/1", "/21/1/01/09506000134352"]
)
def test_what_is_no_digital_link(path):
    with pytest.raises(IdentifierError):
        parse_digital_link(path)


def test_a_digital_link_keeps_all_its_keys():
    link = parse_digital_link("/01/9506000134352/10/L1/21/S%2F1")
    assert (link.primary, link.keys) == ("01", {"01": "09506000134352", "10": "L1", "21": "S/1"})
    assert link.uri == "https://id.gs1.org/01/09506000134352/21/S%2F1"


@pytest.mark.parametrize(
    ("uri", "item"),
    [
        ("urn:epc:id:sgtin:9506000.013435.12345", True),
        ("urn:epc:id:sscc:0614141.1234567890", True),
        ("urn:epc:id:grai:0614141.12345.400", True),
        ("urn:epc:id:giai:0614141.12345400", True),
        ("urn:epc:id:itip:9521141.012345.04.04.4321", True),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", True),
        ("urn:epc:class:lgtin:4012345.012345.998877", False),
        ("urn:epc:idpat:sgtin:4012345.098765.*", False),
        ("urn:epc:idpat:grai:0614141.12345.*", False),
        ("urn:epc:id:sgln:0614141.12345.400", False),
        ("https://example.com/21/1", False),
    ],
)
def test_items_are_told_from_classes_and_lots(uri, item):
    assert is_item(normalise(uri)) is item


@given(SERIAL)
def test_quoting_does_not_change_the_key(serial):
    assume("%" not in serial)
    base = "https://id.gs1.org/01/09506000134352/21/"
    assert normalise(base + quote(serial)) == normalise(base + serial)
