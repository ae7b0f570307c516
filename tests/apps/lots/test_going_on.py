"""A lot that goes on from where it stood is the lot that all its touches make; the row is the whole state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lodeline_server.lots.folding import fold, goes_on
from lodeline_server.lots.models import Touch
from lodeline_server.lots.rows import STATE, LotState, TouchRow

KEYS = ("https://id.gs1.org/01/09521000000013/10/A", "https://id.gs1.org/01/09521000000013/21/A")
START = datetime(2026, 1, 1, tzinfo=UTC)
ACTS = [
    getattr(Touch, name)
    for name in ("USED", "SEEN", "SHIPPED", "RECEIVED", "SOLD", "ENDED", "PACKED", "MADE")
]


def touch(key, number, minutes, act, amount, uom, *, void=False):
    return TouchRow(
        key, number, f"urn:e:{number}", START + timedelta(minutes=minutes), act, "step", f"site{number % 3}",
        f"party{number % 2}", "me", f"g{number}", "box" if act == Touch.PACKED else "", amount, uom, {}, void,
    )  # fmt: skip


later = st.tuples(
    st.integers(0, 40), st.sampled_from(ACTS), st.sampled_from(["", "1", "12.5", "600"]),
    st.sampled_from(["KGM", "TNE", "", "H87"]), st.booleans(),
)  # fmt: skip


def state(lot):
    return LotState(1, *(getattr(lot, name) for name in STATE[1:]))


@given(
    st.sampled_from(KEYS), st.lists(later, max_size=6), st.integers(0, 6), st.sampled_from(["KGM", "H87", ""])
)
def test_going_on_is_folding_all(key, parts, cut, uom):
    touches = [touch(key, 0, 0, Touch.MADE, "600" if uom == "KGM" else "1", uom)]
    touches += [
        touch(key, number, minutes, act, amount, unit, void=void and act == Touch.SEEN)
        for number, (minutes, act, amount, unit, void) in enumerate(parts, 1)
    ]
    before, after = touches[: cut + 1], touches[cut + 1 :]
    lot = state(fold(key, before, []))
    whole = state(fold(key, touches, []))
    kept = state(fold(key, before, []))
    if goes_on(lot, after):
        assert lot == whole
    else:
        assert lot == kept


def test_what_comes_later_goes_on():
    key = KEYS[0]
    made, used = touch(key, 0, 0, Touch.MADE, "600", "KGM"), touch(key, 1, 5, Touch.USED, "100", "KGM")
    lot = state(fold(key, [made], []))
    assert goes_on(lot, [used, touch(key, 2, 9, Touch.USED, "500", "KGM")])
    assert (lot.status, lot.used) == ("used", 600_000_000)
    assert not goes_on(lot, [touch(key, 3, 9, Touch.SEEN, "", "")])  # at the same instant: one of two orders
