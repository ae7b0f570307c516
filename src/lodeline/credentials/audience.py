"""One passport credential for all readers: each is shown what the law lets them read, and no more.

The rules come from outside as a function. Every element that some reader may not see is a salted disclosure of its
own; decoys fill up to the number of all such elements, so that their count does not tell which are filled. Two
presentations of one credential carry the same signature and can be linked; where that matters, issue one for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.credentials.sdjwt import issue
from lodeline.credentials.sdjwt_verify import hold, select
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lodeline.credentials.sdjwt import Issued
    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

SUBJECT: Final = "credentialSubject"
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
    """

    audiences: tuple[str, ...]
    elements: frozenset[str]
    open: frozenset[str]
    readable: Callable[[str, str], bool]
    basis: str
    ask: str

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


def issue_passport(
    credential: Mapping[str, JSON],
    rules: Rules,
    *,
    signer: Signer,
    random: Callable[[int], bytes],
    header: Mapping[str, JSON] | None = None,
) -> Issued:
    """Sign a passport credential. What the rules do not know is refused: it could not be kept from anybody."""
    subject = credential.get(SUBJECT)
    if not isinstance(subject, dict):
        raise CredentialRefused("structure", "a passport credential has one subject")
    if strange := set(subject) - rules.elements - rules.open - _ALWAYS:
        raise CredentialRefused("structure", f"no rule says who may read {min(strange)!r:.60}")
    closed = rules.closed
    return issue(
        credential,
        [(SUBJECT, name) for name in subject if name in closed],
        signer=signer,
        random=random,
        header=header,
        pad={(SUBJECT,): len(closed)},
    )


def present(token: str, rules: Rules, audience: str) -> str:
    """The presentation of an issued passport credential for one audience."""
    rules.known(audience)
    return select(token, [path for path in hold(token).paths if _may_show(path, rules, audience)])


def _may_show(path: tuple[str | int, ...], rules: Rules, audience: str) -> bool:
    # What the rules do not know stays hidden.
    return (
        len(path) > 1
        and path[0] == SUBJECT
        and path[1] in rules.elements
        and rules.readable(audience, str(path[1]))
    )


def excess(payload: Mapping[str, JSON], rules: Rules, audience: str) -> tuple[str, ...]:
    """Elements that a verified payload shows and that the audience may not read; empty when all is well."""
    rules.known(audience)
    subject = payload.get(SUBJECT)
    if not isinstance(subject, dict):
        raise CredentialRefused("structure", "a passport credential has one subject")
    return tuple(
        name for name in sorted(subject) if name in rules.elements and not rules.readable(audience, name)
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
