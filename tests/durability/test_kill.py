"""kill -9 in the middle of a capture, a few times; `make bars` does it 20 times."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import kill


@pytest.mark.slow
def test_every_document_is_wholly_in_or_wholly_out_and_capturing_again_completes_it():
    found = kill.run(4, seed=7)
    assert [what for what, _, _ in found] == ["command", "command", "worker", "worker"]
