"""A number in a sealed envelope: the commitment that the issuer signs, and the opening that the owner keeps.

In the credential, at the claim's path:

    {"commitment": "A...", "unit": "%", "scale": 4, "bits": 20}

`commitment` is base64url of 33 bytes, C = v*H + r*G; the number is v / 10^scale in the unit, 0 <= v < 2^bits. The
owner sends the issuer the opening (v, r); the issuer checks it with `check_opening` before signing. An issuer who
signs without looking says nothing, as with any other claim. `partOf` (a JSON pointer into the same credential)
says the issuer has also seen that this amount is contained in the one at that path.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from lodeline.credentials.thresholds import group
from lodeline.keys import SignatureRefused, b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Callable

TYPE: Final = "ThresholdCommitment"
MAX_BITS: Final = 64
MAX_SCALE: Final = 12
PERCENT: Final = "%"
MAX_PATH: Final = 500
_UNIT: Final = re.compile(r"[!-~]{1,32}")


class CommitmentRefused(ValueError):  # noqa: N818 - a verdict
    """Not a commitment, or one that does not fit its opening."""


@frozen
class Opening:
    """What only the owner and, once, the issuer know: the number in steps of 10^-scale and the blinding."""

    value: int = field(repr=False)
    blinding: int = field(repr=False)

    @classmethod
    def draw(cls, value: int, random: Callable[[int], bytes]) -> Opening:
        """An opening with fresh blinding: `random` gives that many bytes (`secrets.token_bytes`)."""
        return cls(value, group.draw(random))


@frozen
class Commitment:
    """The member of the signed credential. `CommitmentRefused` for what is none."""

    point: bytes
    unit: str
    scale: int
    bits: int
    part_of: str | None = None

    def __attrs_post_init__(self) -> None:
        try:
            group.read_point(self.point)
        except group.NotInGroup as error:
            raise CommitmentRefused(f"commitment: {error}") from None
        if not (isinstance(self.unit, str) and _UNIT.fullmatch(self.unit)):
            raise CommitmentRefused("unit is 1 to 32 printable ASCII characters without spaces")
        if type(self.scale) is not int or not 0 <= self.scale <= MAX_SCALE:
            raise CommitmentRefused(f"scale is an integer from 0 to {MAX_SCALE}")
        if type(self.bits) is not int or not 1 <= self.bits <= MAX_BITS:
            raise CommitmentRefused(f"bits is an integer from 1 to {MAX_BITS}")
        if self.part_of is not None and not (
            isinstance(self.part_of, str) and self.part_of[:1] == "/" and len(self.part_of) <= MAX_PATH
        ):
            raise CommitmentRefused("partOf is a JSON pointer")

    @classmethod
    def read(cls, member: Any) -> Commitment:
        """From the JSON of the credential; members it does not know are refused."""
        known = {"type", "commitment", "unit", "scale", "bits", "partOf"}
        if (
            not isinstance(member, dict)
            or not {"commitment", "unit", "scale", "bits"} <= set(member) <= known
        ):
            raise CommitmentRefused("there is no commitment with unit, scale and bits, and nothing else")
        if member.get("type", TYPE) != TYPE or ("partOf" in member and member["partOf"] is None):
            raise CommitmentRefused(f"type, if there, is {TYPE}; partOf, if there, a JSON pointer")
        if not isinstance(member["commitment"], str):
            raise CommitmentRefused("commitment is base64url")
        try:
            point = unb64url(member["commitment"])
        except SignatureRefused as error:
            raise CommitmentRefused(f"commitment: {error}") from None
        return cls(point, member["unit"], member["scale"], member["bits"], member.get("partOf"))

    @property
    def text(self) -> str:
        """base64url of the point."""
        return b64url(self.point)

    def write(self) -> dict[str, Any]:
        """The member for the credential."""
        member = {"commitment": self.text, "unit": self.unit, "scale": self.scale, "bits": self.bits}
        return member if self.part_of is None else {**member, "partOf": self.part_of}


def commit(opening: Opening, *, unit: str, scale: int, bits: int, part_of: str | None = None) -> Commitment:
    """Seal a number. `CommitmentRefused` if it is negative, needs more bits, or is over 100 %."""
    made = Commitment(group.H.format(), unit, scale, bits, part_of)  # checks unit, scale and bits before use
    _check_range(opening, made)
    point = _point(opening)
    return Commitment(point.format(), unit, scale, bits, part_of)


def check_opening(commitment: Commitment, opening: Opening) -> None:
    """What an issuer does before signing: the number is in range and the commitment is to it."""
    _check_range(opening, commitment)
    if _point(opening).format() != commitment.point:
        raise CommitmentRefused("the opening does not fit the commitment")


def check_part(
    part: Commitment, part_opening: Opening, whole: Commitment, whole_opening: Opening, whole_path: str
) -> None:
    """What an issuer does before signing `partOf`: both openings fit and the part is at most the whole."""
    check_opening(part, part_opening)
    check_opening(whole, whole_opening)
    if part.part_of != whole_path or (part.unit, part.scale) != (whole.unit, whole.scale):
        raise CommitmentRefused("the part must name the whole's path and have its unit and scale")
    if part_opening.value > whole_opening.value:
        raise CommitmentRefused("the part is larger than the whole: a share over 100 %")


def _check_range(opening: Opening, commitment: Commitment) -> None:
    if type(opening.value) is not int or not 0 <= opening.value < 2**commitment.bits:
        raise CommitmentRefused(f"the number is not in 0 to 2^{commitment.bits} - 1 steps")
    if commitment.unit == PERCENT and opening.value > 100 * 10**commitment.scale:
        raise CommitmentRefused("over 100 %")
    if type(opening.blinding) is not int or not 0 < opening.blinding < group.ORDER:
        raise CommitmentRefused("the blinding is not in 1 to q - 1")


def _point(opening: Opening) -> group.Point:
    """v*H + r*G. The value enters only as two numbers that each look random: multiplying by H takes a time that
    depends on the number.
    """
    secret = group.write_scalar(opening.blinding), opening.value.to_bytes(8, "big")
    (mask,) = group.expand(1, b"lodeline-threshold/1 mask", *secret)
    return group.add(
        group.times_g(opening.blinding),
        group.times(group.H, opening.value + mask),
        group.times(group.H, -mask),
    )
