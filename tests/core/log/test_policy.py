"""Policy files: the specification's example, print and read back, the quorum, and every line that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.keys import SigningKey
from lodeline.log import policy
from lodeline.log.checkpoint import Checkpoint, sign
from lodeline.log.cosignature import Cosigner
from lodeline.log.note import COSIGNATURE, ED25519, MLDSA, NoteRefused, VKey
from lodeline.log.policy import Group, Log, Policy, PolicyRefused, Witness

ORIGIN = "log.example/lode"
POINT = Checkpoint(origin=ORIGIN, size=7, root=b"\7" * 32)
TIME = 1_700_000_000


def seed(number):
    return number.to_bytes(32, "big")


def log_key(number, origin=ORIGIN):
    return VKey(origin, ED25519, SigningKey(seed(number)).verify_key.raw)


def cosigner(number, kind=COSIGNATURE):
    return Cosigner(f"witness.example/w{number}", kind, seed(1_000 + number))


def w(number):
    return str(cosigner(number).key)


L = str(log_key(1))
EXAMPLE = f"""\
# two organisations
log {L}

witness X1 {w(1)}
witness X2 {w(2)}
witness\tX3  {w(3)} \t
group X-witnesses 2 X1 X2 X3

  # the other
witness Y1 {w(4)} https://y.example/one
witness Y2 {w(5)}
witness Y3 {w(6)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def example():
    return policy.read(EXAMPLE.encode())


def cosigned(*numbers, kind=COSIGNATURE, time=TIME, log=1):
    note = sign(POINT, SigningKey(seed(log)))
    return note + "".join(cosigner(number, kind).sign(POINT.text(), time).line() for number in numbers)


def test_the_example_of_the_specification():
    found = example()
    assert [one.key for one in found.logs] == [log_key(1)]
    assert [(one.name, one.url) for one in found.witnesses] == [
        ("X1", ""), ("X2", ""), ("X3", ""), ("Y1", "https://y.example/one"), ("Y2", ""), ("Y3", "")
    ]  # fmt: skip
    assert found.witnesses[1].key == cosigner(2).key
    assert found.groups == (
        Group(name="X-witnesses", need=2, members=("X1", "X2", "X3")),
        Group(name="Y-witnesses", need=1, members=("Y1", "Y2", "Y3")),
        Group(name="X-and-Y", need=2, members=("X-witnesses", "Y-witnesses")),
    )
    assert found.quorum == "X-and-Y"


@pytest.mark.parametrize(
    ("numbers", "reached"),
    [((1, 2, 4), True), ((1, 2, 3, 4, 5, 6), True), ((2, 3, 6), True), ((1, 2, 3), False), ((1, 4, 5, 6), False),
     ((), False), ((4,), False)],
)  # fmt: skip
def test_the_quorum_of_the_example(numbers, reached):
    judged = example().check(cosigned(*numbers))
    names = [["X1", "X2", "X3", "Y1", "Y2", "Y3"][number - 1] for number in numbers]
    assert (judged.reached, list(judged.witnesses)) == (reached, names)
    assert (judged.checkpoint, judged.log) == (POINT, log_key(1))


def test_one_witness_that_signs_often_counts_once():
    assert not example().check(cosigned(1, 1, 1, 4)).reached


def test_without_witnesses():
    found = policy.read(f"log {L}\nquorum none\n".encode())
    assert found.check(cosigned()).reached
    assert policy.read(b"quorum none\n") == Policy()
    with pytest.raises(NoteRefused, match="no known key"):
        Policy().check(cosigned())
    assert Policy().with_log(log_key(1)).check(cosigned()).reached
    assert found.with_log(log_key(1)) == found


def test_only_logs_of_the_policy_count():
    with pytest.raises(NoteRefused, match="no known key of the log"):
        example().check(cosigned(1, 2, 4, log=2))
    other = policy.read(f"log {log_key(1, 'other.example')}\nwitness a {w(1)}\nquorum a\n".encode())
    with pytest.raises(NoteRefused, match="no known key of the log"):
        other.check(cosigned(1))


def test_a_log_does_not_vouch_for_another_origin():
    """A known log signs a checkpoint that claims to be another log's."""
    from lodeline.log.note import Note, Signature

    found = policy.read(
        f"log {log_key(1, 'a.example')}\nlog {log_key(2, 'b.example')}\nquorum none\n".encode()
    )
    text = Checkpoint(origin="b.example", size=1, root=bytes(32)).text()
    by_a = Signature("a.example", log_key(1, "a.example").id, SigningKey(seed(1)).sign(text.encode()))
    with pytest.raises(NoteRefused, match="no known key of the log"):
        found.check(str(Note(text, (by_a,))))


def test_a_bad_cosignature_of_a_known_witness_refuses_the_note():
    line = cosigner(1).sign(POINT.text().replace("7", "8"), TIME).line()
    with pytest.raises(NoteRefused, match="does not hold"):
        example().check(cosigned(2, 3, 4) + line)
    stranger = cosigner(9).sign(POINT.text().replace("7", "8"), TIME).line()
    assert example().check(cosigned(2, 3, 4) + stranger).reached


def test_cosignatures_from_the_future_do_not_count():
    found = policy.read(f"log {L}\nwitness a {w(1)}\nquorum a\n".encode())
    note = cosigned(1)
    assert found.check(note).reached
    assert found.check(note, now=TIME - policy.AHEAD).reached
    assert not found.check(note, now=TIME - policy.AHEAD - 1).reached
    assert found.check(note, now=TIME + 10**9).reached


def test_keys_of_mldsa():
    witness = cosigner(1, MLDSA)
    log = Cosigner(ORIGIN, MLDSA, seed(7))
    found = policy.read(f"log {log.key}\nwitness a {witness.key}\nquorum a\n".encode())
    note = f"{POINT.text()}\n{log.sign(POINT.text(), TIME).line()}{witness.sign(POINT.text(), TIME).line()}"
    judged = found.check(note)
    assert (judged.reached, judged.log) == (True, log.key)


def test_extension_lines_are_refused():
    from lodeline.log.note import Note, Signature

    text = POINT.text() + "more\n"
    line = Signature(ORIGIN, log_key(1).id, SigningKey(seed(1)).sign(text.encode()))
    with pytest.raises(NoteRefused, match="extension"):
        policy.read(f"log {L}\nquorum none\n".encode()).check(str(Note(text, (line,))))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "no quorum"),
        ("# nothing\n\n", 2, "no quorum"),
        (f"log {L}", 1, "does not end"),
        (f"log {L}\nquorum none", 2, "does not end"),
        (f"log {L}\r\nquorum none\n", 1, "control character"),
        (f"log {L}\nquorum\x0bnone\n", 2, "control character"),
        ("quorum none\x7f\n", 1, "control character"),
        (f"Log {L}\nquorum none\n", 1, "starts with"),
        ("quorum none\nnonsense\n", 2, "starts with"),
        ("log\nquorum none\n", 1, "a log line"),
        (f"log {L} a b\nquorum none\n", 1, "a log line"),
        (f"log {L[:-4]}\nquorum none\n", 1, "not a verifier key"),
        (f"log {w(1)}\nquorum none\n", 1, "type 0x01 or 0x06"),
        (f"log {L}\nlog {log_key(1, 'other.example')}\nquorum none\n", 2, "same key"),
        (f"witness a {L}\nquorum none\n", 1, "type 0x04 or 0x06"),
        ("witness a\nquorum none\n", 1, "a witness line"),
        (f"witness a {w(1)} x y\nquorum none\n", 1, "a witness line"),
        (f"witness a {w(1)}\nwitness b {w(1)}\nquorum none\n", 2, "same key"),
        (f"witness a {w(1)}\nwitness a {w(2)}\nquorum none\n", 2, "is taken"),
        (f"witness none {w(1)}\nquorum none\n", 1, "is taken"),
        (f"witness a {w(1)}\ngroup a any a\nquorum a\n", 2, "is taken"),
        (f"witness a {w(1)}\ngroup none any a\nquorum none\n", 2, "is taken"),
        (f"witness a {w(1)}\ngroup g 0 a\nquorum g\n", 2, "a number from 1 to 1"),
        (f"witness a {w(1)}\ngroup g 2 a\nquorum g\n", 2, "a number from 1 to 1"),
        (f"witness a {w(1)}\ngroup g 01 a\nquorum g\n", 2, "a number from 1 to 1"),
        (f"witness a {w(1)}\ngroup g -1 a\nquorum g\n", 2, "a number from 1 to 1"),
        (f"witness a {w(1)}\ngroup g ALL a\nquorum g\n", 2, "a number from 1 to 1"),
        (f"witness a {w(1)}\ngroup g ٣ a\nquorum g\n", 2, "a number from 1 to 1"),
        ("group g any\nquorum none\n", 1, "a group line"),
        ("group g any b\nquorum none\n", 1, "defined above"),
        ("group g any none\nquorum none\n", 1, "defined above"),
        ("group g any g\nquorum none\n", 1, "defined above"),
        (f"witness a {w(1)}\ngroup g any a a\nquorum g\n", 2, "member already"),
        (f"witness a {w(1)}\ngroup g any a\ngroup h any a\nquorum h\n", 3, "member already"),
        ("quorum none\nquorum none\n", 2, "second quorum"),
        ("quorum\n", 1, "a quorum line"),
        ("quorum none none\n", 1, "a quorum line"),
        (f"quorum a\nwitness a {w(1)}\n", 1, "a quorum line"),
        (f"witness K {w(1)}\nquorum \u212a\n", 2, "a quorum line"),
        (f"witness \u00e9 {w(1)}\nquorum e\u0301\n", 2, "a quorum line"),
        ("\n" * 1_000 + "quorum none\n", 1_000, "more than"),
        ("#" * (1024 * 1024) + "\n", 1, "more than"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused_with_its_line(text, line, why):
    with pytest.raises(PolicyRefused, match=why) as refused:
        policy.read(text.encode())
    assert refused.value.line == line
    assert str(refused.value).startswith(f"line {line}: ")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_without_another_error(data):
    with pytest.raises(PolicyRefused):
        policy.read(data)
    with pytest.raises(PolicyRefused):
        policy.read(b"log " + data + b"\n")


def test_names_are_octets():
    raw = b"\xff\x85\xa0\xe2\x84\xaa"
    found = policy.read(b"witness " + raw + f" {w(1)} http://\u00e9.example\nquorum ".encode() + raw + b"\n")
    assert found.witnesses[0].name.encode(errors="surrogateescape") == raw
    assert found.witnesses[0].url == "http://\u00e9.example"
    assert policy.read(found.text()) == found


def test_many_of_each_are_taken():
    many = range(32)
    lines = [f"log {log_key(number + 1, f'log{number}.example')}" for number in many]
    lines += [f"witness w{number} {w(number)}\ngroup g{number} all w{number}" for number in many]
    lines += [f"group most 17 {' '.join(f'g{number}' for number in many)}", "quorum most", ""]
    found = policy.read("\n".join(lines).encode())
    assert (len(found.logs), len(found.witnesses), len(found.groups)) == (32, 32, 33)
    assert found.reached(f"w{number}" for number in range(17))
    assert not found.reached(f"w{number}" for number in range(16))


def test_groups_of_groups_to_any_depth():
    lines = [f"witness w {w(1)}", "group g0 all w"]
    lines += [f"group g{number} all g{number - 1}" for number in range(1, 900)]
    found = policy.read("\n".join([*lines, "quorum g899", ""]).encode())
    assert found.reached(["w"])
    assert not found.reached([])


POOL = [cosigner(number, kind).key for number in range(4) for kind in (COSIGNATURE, MLDSA)]
urls = st.sampled_from(["", "https://w.example/x", "http://127.0.0.1:8000/witness", "\udcff"])


@st.composite
def policies(draw):
    logs = draw(st.lists(st.sampled_from(range(1, 6)), unique=True, max_size=4))
    keys = draw(st.lists(st.sampled_from(POOL), unique=True, max_size=6))
    names = draw(
        st.lists(st.text("abKé\udcfe\u212a#", min_size=1, max_size=4), unique=True, min_size=20, max_size=20)
    )
    witnesses = tuple(
        Witness(name=name, key=key, url=draw(urls)) for name, key in zip(names, keys, strict=False)
    )
    free, groups = [one.name for one in witnesses], []
    for name in names[len(witnesses) : len(witnesses) + draw(st.integers(0, 4))]:
        members = draw(st.lists(st.sampled_from(free), unique=True, min_size=1)) if free else []
        if members:
            groups.append(Group(name=name, need=draw(st.integers(1, len(members))), members=tuple(members)))
            free = [one for one in free if one not in members] + [name]
    return Policy(
        logs=tuple(Log(key=log_key(number), url=draw(urls)) for number in logs),
        witnesses=witnesses,
        groups=tuple(groups),
        quorum=draw(st.sampled_from([policy.NONE, *(one.name for one in (*witnesses, *groups))])),
    )


@given(policies())
def test_a_policy_is_printed_and_read_back(made):
    assert policy.read(made.text()) == made


@given(policies(), st.data())
def test_more_witnesses_never_undo_a_quorum(made, data):
    names = [one.name for one in made.witnesses]
    some = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    more = some | data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    assert made.reached(more) or not made.reached(some)
    assert made.reached(some) == by_definition(made, some)


def by_definition(made, some):
    """The text of the specification, top down."""
    groups = {one.name: one for one in made.groups}

    def witnessed(name):
        if name in groups:
            return sum(map(witnessed, groups[name].members)) >= groups[name].need
        return name in some

    return made.quorum == "none" or witnessed(made.quorum)
