"""The group of the commitments: secp256k1, two generators of which nobody knows the relation.

G is the curve's standard generator and carries what is random, H carries the value: C = v*H + r*G. (A textbook
writes the two the other way round; they are exchangeable. This way round every multiplication by a secret
random scalar is by G, which libsecp256k1 does in constant time; its multiplication of other points is not.)

Source of H: try-and-increment. x = SHA-256(`SEED` || counter as 4 bytes, big-endian), counter 0, 1, 2, ...; H is
the first x that is the abscissa of a point, with the even ordinate. `coincurve` has no point at infinity and no
scalar zero; nor do the encodings here.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeAlias

from coincurve import PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Point: TypeAlias = PublicKey
CURVE: Final = "secp256k1"
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SEED: Final = b"lodeline-threshold/1 generator H of secp256k1, which carries the value"
POINT_BYTES: Final = 33
SCALAR_BYTES: Final = 32
_EVEN, _ODD = 2, 3


class NotInGroup(ValueError):  # noqa: N818 - said of what was sent
    """The bytes are not a point or a scalar in their one accepted form."""


def read_point(data: bytes) -> Point:
    """A point from its compressed form, 33 bytes; no other form is accepted."""
    if len(data) != POINT_BYTES or data[0] not in (_EVEN, _ODD):
        raise NotInGroup("not a compressed point")
    try:
        return Point(data)
    except ValueError:
        raise NotInGroup("not a point of the curve") from None


def read_scalar(data: bytes) -> int:
    """A number in [1, q-1] from 32 bytes, big-endian; q and more is not canonical and refused."""
    number = int.from_bytes(data, "big")
    if len(data) != SCALAR_BYTES or not 0 < number < ORDER:
        raise NotInGroup("not a canonical scalar")
    return number


def write_scalar(number: int) -> bytes:
    return number.to_bytes(SCALAR_BYTES, "big")


def times_g(number: int) -> Point:
    """number*G, in constant time; `number` in [1, q-1]."""
    return Point.from_valid_secret(write_scalar(number))


def times(point: Point, number: int) -> Point:
    """number*point; NOT in constant time: only for public numbers. `number` is not a multiple of q."""
    return point.multiply(write_scalar(number % ORDER))


def add(*points: Point) -> Point:
    """The sum. `NotInGroup` if it is the point at infinity."""
    try:
        return Point.combine_keys(list(points))
    except ValueError:
        raise NotInGroup("the sum is the point at infinity") from None


def combine(terms: Sequence[tuple[int, Point]]) -> Point:
    """Sum of number*point over public numbers; terms that vanish are left out."""
    return add(*(times(point, number) for number, point in terms if number % ORDER))


def negative(point: Point) -> Point:
    data = point.format()
    return Point(bytes([_EVEN + _ODD - data[0]]) + data[1:])


def derive_h() -> Point:
    for counter in range(256):
        found = bytes([_EVEN]) + hashlib.sha256(SEED + counter.to_bytes(4, "big")).digest()
        try:
            return Point(found)
        except ValueError:
            continue
    raise AssertionError("half of all numbers are abscissas")


H: Final = derive_h()
MINUS_H: Final = negative(H)


def draw(random: Callable[[int], bytes]) -> int:
    """A uniform scalar in [1, q-1] from a source of random bytes (`secrets.token_bytes`)."""
    while True:
        number = int.from_bytes(random(SCALAR_BYTES), "big")
        if 0 < number < ORDER:
            return number


def expand(count: int, label: bytes, *secret: bytes) -> list[int]:
    """`count` scalars out of secret bytes, as good as random for who does not know them all.

    SHAKE-256 over the label and the parts, each with its length; 64 bytes a scalar, reduced: the bias is 2^-256.
    """
    sponge = hashlib.shake_256()
    for part in (label, *secret):
        sponge.update(len(part).to_bytes(8, "big") + part)
    data = sponge.digest(64 * count)
    return [int.from_bytes(data[at : at + 64], "big") % (ORDER - 1) + 1 for at in range(0, len(data), 64)]
