"""Numbers, acts and versions: random and unique, irreversible, and answered as of any day."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import bitstrings
from lodeline.credentials.standing import Standing
from lodeline.credentials.status import MINIMUM, REVOCATION, SUSPENSION, Code, StatusRefused
from lodeline.credentials.statusbook import (
    Account,
    Act,
    Change,
    Version,
    allocate,
    as_of,
    check_history,
    packed,
    publish,
    status_on,
    taken_back,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def refused(code, call, *args, **more):
    with pytest.raises(StatusRefused) as caught:
        call(*args, **more)
    assert caught.value.code is code


class TestNumbers:
    def test_they_are_unique_and_spread(self):
        source = random.Random(1).randbytes
        taken = set()
        while (number := allocate(taken.__contains__, len(taken), source, entries=1024)) is not None:
            assert number not in taken
            taken.add(number)
        assert len(taken) == 512
        assert 400 < sum(taken) / len(taken) < 620

    def test_words_that_would_make_low_numbers_likelier_are_thrown_away(self):
        words = iter([b"\xff" * 8, (12).to_bytes(8, "big")])
        assert allocate(lambda _: False, 0, lambda size: next(words), entries=10) == 2

    def test_one_that_is_taken_is_passed_over(self):
        words = iter(number.to_bytes(8, "big") for number in (5, 5, 6))
        assert allocate({5}.__contains__, 1, lambda size: next(words)) == 6


acts = st.lists(st.tuples(st.sampled_from(list(Act)), st.integers(0, 5)), max_size=8)


def replayed(steps):
    """The account that results, leaving out what is refused, and the acts that counted."""
    account, at, counted = Account(), 0, []
    for act, wait in steps:
        at += wait
        try:
            after = account.after(Change(act=act, at=day(at)))
        except StatusRefused:
            continue
        if after is not account:
            counted.append((act, at))
        account = after
    return account, counted


class TestAccounts:
    @given(acts)
    def test_revoked_is_for_ever(self, steps):
        account, counted = replayed(steps)
        revoked = [at for act, at in counted if act is Act.REVOKE]
        assert len(revoked) <= 1
        if revoked:
            assert all(
                account.at(day(later)) is Standing.REVOKED for later in range(revoked[0], revoked[0] + 50)
            )
            refused(Code.VERIFICATION, account.after, Change(act=Act.REINSTATE, at=day(99)))
            refused(Code.VERIFICATION, account.after, Change(act=Act.SUSPEND, at=day(99)))
            assert account.after(Change(act=Act.REVOKE, at=day(99))) is account

    @given(acts)
    def test_the_past_does_not_change(self, steps):
        account, _ = replayed(steps)
        for size in range(len(account.changes)):
            earlier = Account(account.changes[:size])
            moment = account.changes[size].at - timedelta(seconds=1)
            assert earlier.at(moment) is account.at(moment)

    def test_suspended_and_reinstated(self):
        account = (
            Account().after(Change(act=Act.SUSPEND, at=day(1))).after(Change(act=Act.REINSTATE, at=day(3)))
        )
        assert [account.at(day(number)) for number in range(4)] == [
            Standing.GOOD, Standing.SUSPENDED, Standing.SUSPENDED, Standing.GOOD,
        ]  # fmt: skip

    def test_reinstating_what_was_never_suspended_changes_nothing(self):
        assert Account().after(Change(act=Act.REINSTATE, at=day(1))) == Account()

    def test_back_in_time(self):
        account = Account().after(Change(act=Act.SUSPEND, at=day(2)))
        refused(Code.RANGE, account.after, Change(act=Act.REVOKE, at=day(1)))


def published(steps_by_index, purpose):
    """All versions of a list whose credentials went through the acts, one for each day on which something changed."""
    accounts = {index: replayed(steps)[0] for index, steps in steps_by_index.items()}
    versions = []
    for number in range(60):
        bits = packed(purpose, accounts.items(), day(number), entries=256)
        made = publish(versions, bits, purpose=purpose, at=day(number))
        if made is not None:
            versions.append(made)
    return accounts, versions


books = st.dictionaries(st.integers(0, 255), acts, max_size=5)


class TestVersions:
    @given(books)
    def test_they_answer_as_of_a_day(self, steps):
        accounts, revoked = published(steps, REVOCATION)
        _, suspended = published(steps, SUSPENSION)
        check_history(revoked, purpose=REVOCATION)
        check_history(suspended, purpose=SUSPENSION)
        for index, account in accounts.items():
            for number in range(0, 60, 3):
                lists = [(REVOCATION, index, revoked), (SUSPENSION, index, suspended)]
                assert status_on(lists, day(number)) is account.at(day(number))

    @given(books)
    def test_they_are_numbered_and_differ(self, steps):
        _, versions = published(steps, SUSPENSION)
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        assert all(older.bits != newer.bits for older, newer in pairwise(versions))

    def test_before_the_first(self):
        refused(Code.RETRIEVAL, as_of, [], day(1))
        refused(Code.RETRIEVAL, as_of, [Version(number=1, at=day(2), bits=b"\x00")], day(1))

    def test_a_revocation_is_not_taken_back(self):
        first = Version(number=1, at=day(1), bits=b"\x81")
        refused(Code.VERIFICATION, publish, [first], b"\x80", purpose=REVOCATION, at=day(2))
        assert publish([first], b"\x80", purpose=SUSPENSION, at=day(2)).number == 2
        assert publish([first], b"\x83", purpose=REVOCATION, at=day(2)).bits == b"\x83"

    def test_other_lengths_and_times(self):
        first = Version(number=1, at=day(1), bits=b"\x81")
        refused(Code.LENGTH, publish, [first], b"\x81\x00", purpose=REVOCATION, at=day(2))
        refused(Code.RANGE, publish, [first], b"\x83", purpose=REVOCATION, at=day(1))
        assert publish([first], b"\x81", purpose=REVOCATION, at=day(2)) is None

    def test_histories_that_could_not_have_been(self):
        good = [Version(number=1, at=day(1), bits=b"\x01"), Version(number=2, at=day(2), bits=b"\x03")]
        check_history(good, purpose=REVOCATION)
        refused(Code.VERIFICATION, check_history, good[1:], purpose=REVOCATION)
        gap = [good[0], Version(number=3, at=day(2), bits=b"\x03")]
        refused(Code.VERIFICATION, check_history, gap, purpose=REVOCATION)
        same = [good[0], Version(number=2, at=day(2), bits=b"\x01")]
        refused(Code.VERIFICATION, check_history, same, purpose=REVOCATION)
        back = [good[1], Version(number=3, at=day(3), bits=b"\x01")]
        refused(
            Code.VERIFICATION,
            check_history,
            [Version(number=1, at=day(0), bits=b"\x00"), *back],
            purpose=REVOCATION,
        )

    @given(st.binary(min_size=4, max_size=4), st.binary(min_size=4, max_size=4))
    def test_taken_back_is_found_bit_by_bit(self, older, newer):
        lost = any(bitstrings.left(older, at) > bitstrings.left(newer, at) for at in range(32))
        assert taken_back(older, newer) is lost

    def test_a_list_of_the_shortest_length_by_default(self):
        account = Account((Change(act=Act.REVOKE, at=day(0)),))
        assert len(packed(REVOCATION, [(MINIMUM - 1, account)], day(1))) * 8 == MINIMUM
