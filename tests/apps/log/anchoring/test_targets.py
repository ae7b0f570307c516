"""anchors.toml: what is written is read back; what cannot be meant is refused with the place and the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline_server.log.anchoring.targets import TargetsRefused, add, checked, load

CHAIN = {
    "name": "chain",
    "kind": "evm",
    "url": "http://127.0.0.1:8545",
    "chain_id": 31337,
    "contract": "0x" + "aB" * 20,
    "code_hash": "0x" + "0f" * 32,
    "key": "secrets/chain.key",
}
STAMP = {"name": "tsa", "kind": "rfc3161", "url": "https://tsa.example/", "roots": "tsa.pem"}
FOLDER = {"name": "out", "kind": "file", "folder": "/srv/out"}


def test_no_file_names_nothing(tmp_path):
    assert load(tmp_path) == ()


def test_what_is_added_is_read_back(tmp_path):
    rows = [
        STAMP | {"policy": "1.2.3", "books": ["audit"], "every": 600},
        CHAIN | {"gas_price": 0, "confirmations": 12, "poa": True, "second_url": "http://127.0.0.1:1/"},
        FOLDER | {"to": 'A "B" <a@example.org>\\'},
    ]
    made = [checked(row, tmp_path) for row in rows]
    for one in made:
        add(one)
    assert load(tmp_path) == tuple(made)
    assert made[0].every == timedelta(minutes=10)
    assert made[1].path("key") == tmp_path / "secrets/chain.key"
    assert str(made[2].path("folder")) == "/srv/out"
    assert [one.books for one in made] == [("audit",), ("main", "audit"), ("main", "audit")]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_is_kept_as_it_is(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("toml")
    add(checked(FOLDER | {"folder": text}, folder))
    assert load(folder)[0].settings["folder"] == text


def test_a_name_is_there_once(tmp_path):
    add(checked(STAMP, tmp_path))
    before = (tmp_path / "anchors.toml").read_bytes()
    with pytest.raises(TargetsRefused, match="there is an anchor tsa already"):
        add(checked(FOLDER | {"name": "tsa"}, tmp_path))
    assert (tmp_path / "anchors.toml").read_bytes() == before


def test_comments_of_the_operator_stay(tmp_path):
    (tmp_path / "anchors.toml").write_text("# ours\n")
    add(checked(STAMP, tmp_path))
    assert (tmp_path / "anchors.toml").read_text().startswith("# ours\n\n[[anchor]]\n")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "an anchor's name has"),
        (STAMP | {"name": "Up"}, "an anchor's name has"),
        (STAMP | {"name": "../x"}, "an anchor's name has"),
        (STAMP | {"name": "a" * 61}, "an anchor's name has"),
        (STAMP | {"kind": "rekor"}, "the kind is one of rfc3161, evm, file"),
        (STAMP | {"kind": ["evm"]}, "the kind is one of"),
        (STAMP | {"folder": "x"}, "rfc3161 has no setting 'folder'"),
        (STAMP | {"url": 4}, "url must be of type str"),
        (CHAIN | {"chain_id": True}, "chain_id must be of type int"),
        (CHAIN | {"chain_id": "1"}, "chain_id must be of type int"),
        (STAMP | {"roots": ""}, "roots is needed"),
        ({"name": "x", "kind": "evm"}, "url, chain_id, contract, code_hash, key is needed"),
        (STAMP | {"url": "ftp://x/"}, "url is an http or https address"),
        (STAMP | {"url": "http://"}, "url is an http or https address"),
        (STAMP | {"url": "http://[x/"}, "url is an http or https address"),
        (STAMP | {"url": "http://x:99999/"}, "url is an http or https address"),
        (CHAIN | {"second_url": "file:///etc"}, "second_url is an http or https address"),
        (STAMP | {"policy": "one"}, "policy is an object identifier"),
        (CHAIN | {"contract": "0x12"}, "contract is an address"),
        (CHAIN | {"code_hash": "0x" + "0F" * 32}, "code_hash is 0x and 64 digits"),
        (CHAIN | {"chain_id": -1}, "chain_id is from 1"),
        (CHAIN | {"confirmations": 0}, "confirmations is from 1"),
        (CHAIN | {"gas_price": -1}, "gas_price is from 0"),
        (STAMP | {"books": []}, "books are main and audit"),
        (STAMP | {"books": ["other"]}, "books are main and audit"),
        (STAMP | {"books": [1]}, "books are main and audit"),
        (STAMP | {"every": 59}, "every is in seconds, from 60"),
        (STAMP | {"every": 1.5}, "every must be of type int"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, row, said):
    with pytest.raises(TargetsRefused, match=said):
        checked(row, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[anchor]\n", "is not TOML"),
        ("x = 1\n", "holds \\[\\[anchor\\]\\] tables and nothing else"),
        ("anchor = 3\n", "holds \\[\\[anchor\\]\\] tables and nothing else"),
        ("anchor = [3]\n", "holds \\[\\[anchor\\]\\] tables and nothing else"),
        (2 * '[[anchor]]\nname="a"\nkind="file"\nfolder="x"\n', "two anchors have one name"),
        (
            "".join(f'[[anchor]]\nname="a{n}"\nkind="file"\nfolder="x"\n' for n in range(17)),
            "at most 16 anchors",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, text, said):
    (tmp_path / "anchors.toml").write_text(text)
    with pytest.raises(TargetsRefused, match=said):
        load(tmp_path)


def test_a_file_of_other_bytes(tmp_path):
    (tmp_path / "anchors.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TargetsRefused, match="is not TOML"):
        load(tmp_path)
