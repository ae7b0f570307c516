"""A bundle judged without a database, a setting or a network: only what is in it, and what the verifier knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.credentials import bundle as bundles
from lodeline.credentials import dates
from lodeline.credentials.offline import Offline, Roots
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import checking, pinned
from lodeline_server.credentials.checking_verdict import Step

if TYPE_CHECKING:
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Asked, Verdict

BUNDLE = "bundle"
"""The step that says who gathered what the verdict rests on, and when."""


def judge(given: bytes | JSON, roots: Roots, asked: Asked, item: JSON = None) -> Verdict:
    """The verdict on the credential in a bundle, or on `item` with what the bundle carries."""
    try:
        bundle = bundles.read(given)
        offline = Offline(bundle, roots, asked.now)
    except CredentialRefused as error:
        verdict = checking.Verdict()
        verdict.refused(error, "the bundle: ")
        return verdict
    means = checking.Means(
        contexts=pinned.held(),
        canonize=pinned.canonize,
        resolve=offline.resolve,
        list_text=offline.list_text,
        past=offline.past,
        on_record=offline.on_record,
        lists=lambda: offline.lists,
        offered=lambda: offline.offered,
        policy=lambda: roots.policy,
        as_of=bundle.as_of,
    )
    verdict = checking.credential(bundle.parts.credential if item is None else item, means, asked)
    said = f"gathered on {dates.write(bundle.as_of)}, {offline.sealer}; nobody was asked since"
    verdict.steps.insert(0, Step(BUNDLE, True if offline.vouched else None, said))
    return verdict
