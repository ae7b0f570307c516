"""One passport credential for all readers: each is shown what the law lets them read, and no more.

The rules come from outside as a function. Every element that some reader may not see is a salted disclosure of its
own; decoys fill up to the number of all such elements, so that their count does not tell which are filled. Two
presentations of one credential carry the same signature and can be linked; where that matters, issue one for each.

A passport may also state the steps of threshold ladders (`thresholds.ladder`), each a disclosure of its own. Who may
read the element that a step is about may read the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from lodeline.credentials.sdjwt import issue
from lodeline.credentials.sdjwt_verify import hold, select
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lodeline.credentials.sdjwt import Issued, Path
    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

SUBJECT: Final = "credentialSubject"
STEPS: Final = "thresholds"
"""Member of the subject that holds the steps of all ladders, by the claim's id."""
REDACTED: Final = "Redacted"
NOT_FOR_AUDIENCE: Final = "not-for-audience"
"""This reader may not read the element, nor learn whether it is filled."""
NOT_PRESENTED: Final = "not-presented"
"""This reader may read it; it is not filled, or the holder held it back, and the presentation does not tell which."""
_ALWAYS: Final = frozenset({"id", "type"})


@frozen(kw_only=True)
class Rules:
    """Who may read what.

    `elements`: all elements that a passport of this category can have, filled or not. `open`: members that are no
    elements and that everyone reads. `readable(audience, element)`. `basis`: the law; `ask`: where to ask for access.
    `steps`: claims of threshold ladders, each with the element that it is about.
    """

    audiences: tuple[str, ...]
    elements: frozenset[str]
    open: frozenset[str]
    readable: Callable[[str, str], bool]
    basis: str
    ask: str
    steps: Mapping[str, str] = field(factory=dict)

    @property
    def closed(self) -> frozenset[str]:
        """Elements that at least one audience may not read."""
        return frozenset(
            element
            for element in self.elements
            if not all(self.readable(audience, element) for audience in self.audiences)
        )

    def known(self, audience: str) -> None:
        if audience not in self.audiences:
            raise CredentialRefused("subject", f"there is no audience {audience!r:.40}")


def hiding(credential: Mapping[str, JSON], rules: Rules) -> tuple[list[Path], dict[Path, int]]:
    """What an SD-JWT of a passport credential hides, and up to which number decoys fill up at which place.

    What the rules do not know is refused: it could not be kept from anybody.
    """
    subject = credential.get(SUBJECT)
    if not isinstance(subject, dict):
        raise CredentialRefused("structure", "a passport credential has one subject")
    own = {STEPS} if rules.steps else set()
    if strange := set(subject) - rules.elements - rules.open - _ALWAYS - own:
        raise CredentialRefused("structure", f"no rule says who may read {min(strange)!r:.60}")
    closed = rules.closed
    paths: list[Path] = [(SUBJECT, name) for name in subject if name in closed]
    pad: dict[Path, int] = {(SUBJECT,): len(closed)}
    if rules.steps:
        steps = subject.get(STEPS)
        if not isinstance(steps, dict) or not set(steps) <= set(rules.steps):
            raise CredentialRefused("structure", f"{STEPS} holds steps of the allow-list, or none")
        paths += [(SUBJECT, STEPS, name) for name in steps]
        pad[SUBJECT, STEPS] = len(rules.steps)
    return paths, pad


def issue_passport(
    credential: Mapping[str, JSON],
    rules: Rules,
    *,
    signer: Signer,
    random: Callable[[int], bytes],
    header: Mapping[str, JSON] | None = None,
) -> Issued:
    """Sign a passport credential."""
    paths, pad = hiding(credential, rules)
    return issue(credential, paths, signer=signer, random=random, header=header, pad=pad)


def present(token: str, rules: Rules, audience: str, only: Collection[str] | None = None) -> str:
    """The presentation of an issued passport credential for one audience.

    `only`: elements and steps to which the holder keeps it; the audience's rights are the limit all the same.
    """
    rules.known(audience)
    paths = [path for path in hold(token).paths if _may_show(path, rules, audience)]
    return select(token, [path for path in paths if only is None or path[-1] in only])


def _may_show(path: tuple[str | int, ...], rules: Rules, audience: str) -> bool:
    # What the rules do not know stays hidden.
    if path[:2] == (SUBJECT, STEPS):
        return len(path) > 2 and _step(str(path[2]), rules, audience)
    return (
        len(path) > 1
        and path[0] == SUBJECT
        and path[1] in rules.elements
        and rules.readable(audience, str(path[1]))
    )


def _step(name: str, rules: Rules, audience: str) -> bool:
    return name in rules.steps and rules.readable(audience, rules.steps[name])


def excess(payload: Mapping[str, JSON], rules: Rules, audience: str) -> tuple[str, ...]:
    """Elements and steps that a verified payload shows and the audience may not read; empty when all is well."""
    rules.known(audience)
    subject = payload.get(SUBJECT)
    if not isinstance(subject, dict):
        raise CredentialRefused("structure", "a passport credential has one subject")
    steps = subject.get(STEPS) if rules.steps else None
    return (
        *(name for name in sorted(subject) if name in rules.elements and not rules.readable(audience, name)),
        *(
            name
            for name in sorted(steps if isinstance(steps, dict) else ())
            if not _step(name, rules, audience)
        ),
    )


def view(payload: Mapping[str, JSON], rules: Rules, audience: str) -> dict[str, JSON]:
    """The subject of a verified payload, with a marker in the place of each element that is not there.

    The markers of elements that the audience may not read are the same whether these are filled or not.
    """
    if too_much := excess(payload, rules, audience):
        raise CredentialRefused("subject", f"it shows {too_much[0]!r}, which is not for {audience}")
    shown = dict(payload[SUBJECT])
    for name in sorted(rules.elements - set(shown)):
        shown[name] = marker(rules, NOT_PRESENTED if rules.readable(audience, name) else NOT_FOR_AUDIENCE)
    return shown


def marker(rules: Rules, reason: str) -> dict[str, JSON]:
    """What stands where a value is missing: why, by which law, and where to ask."""
    return {"type": REDACTED, "reason": reason, "basis": rules.basis, "ask": rules.ask}


def is_redacted(value: JSON) -> bool:
    return isinstance(value, dict) and value.get("type") == REDACTED
