"""Every kind of bad input against a started server; the list and the limits are those of `make bars`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import bad_input


@pytest.mark.slow
def test_bad_input_is_refused_soon_and_leaves_no_trace(monkeypatch):
    monkeypatch.setattr(bad_input, "MOST_SECONDS", 10)  # other tests run beside; the bars measure the 2 s
    tried, wrong, memory, outside = bad_input.run()
    assert tried > 50
    assert wrong == []
    assert memory < bad_input.MOST_MEMORY
    assert outside == ""
