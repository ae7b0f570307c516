"""The dashboard's heading answers in one sentence, at most 20 words."""

from __future__ import annotations

import pytest

from lodeline_server.web.sentences import heading, in_words
from lodeline_server.web.task import Task


def tasks(*kinds):
    return [Task(kind=kind, title="t", detail="d", short=short) for kind, short in kinds]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "Nothing waits for you. All that is on record stands."),
        ([("warn", "a")], "Nothing is urgent. One thing can wait a little."),
        ([("warn", "a"), ("waiting", "b")], "Nothing is urgent. Two things can wait a little."),
        ([("bad", "a refused document")], "One thing cannot wait: a refused document."),
        ([("bad", "a refused document")] * 3, "Three things cannot wait, all alike: a refused document."),
        (
            [("bad", "stock to block"), ("bad", "a lot that contradicts itself"), ("warn", "x")],
            "Two things cannot wait: stock to block, and a lot that contradicts itself.",
        ),
        (
            [("bad", "an open incident"), ("bad", "a closed gate"), ("bad", "a third")] * 5,
            "15 things cannot wait: an open incident, a closed gate and more.",
        ),
    ],
)
def test_heading(found, said):
    assert heading(tasks(*found)) == said
    assert len(said.split()) <= 20


def test_numbers_in_letters_up_to_twelve():
    assert [in_words(n) for n in (0, 1, 12, 13, 1986)] == ["no", "one", "twelve", "13", "1,986"]
