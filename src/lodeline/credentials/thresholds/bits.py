"""The mathematics: a committed number is in [0, 2^n), shown bit by bit without showing a bit.

D = w*H + s*G is the commitment to w. Each bit has its own commitment C_i = b_i*H + r_i*G with sum(2^i * r_i) = s,
so that sum(2^i * C_i) = D. For each, an OR proof (Cramer, Damgård, Schoenmakers 1994) that C_i or C_i - H is a multiple
of G: A_j = z_j*G - e_j*(C_i - j*H) with e_0 + e_1 = e, one challenge e for all bits, made by hashing (Fiat and
Shamir, the strong form: the whole statement is in the hash).

Bytes of a proof: e (32), then per bit C_i (33), e_0, z_0, z_1 (32 each): 32 + 129 n.
"""

from __future__ import annotations

import hashlib
from typing import Final

from lodeline.credentials.thresholds import group
from lodeline.credentials.thresholds.group import ORDER, POINT_BYTES, SCALAR_BYTES, Point

PER_BIT: Final = POINT_BYTES + 3 * SCALAR_BYTES
_CHALLENGE: Final = b"lodeline-threshold/1 challenge\0"
_NONCES: Final = b"lodeline-threshold/1 nonces"


class ProofWrong(ValueError):  # noqa: N818 - a verdict
    """The proof does not hold."""


def length(bits: int) -> int:
    """Bytes of a proof over so many bits."""
    return SCALAR_BYTES + bits * PER_BIT


def prove(transcript: bytes, number: int, blinding: int, bits: int, fresh: bytes) -> bytes:
    """Proof that number*H + blinding*G commits to a number in [0, 2^bits); 0 <= number < 2^bits is the caller's duty.

    `fresh` is 32 random bytes. All secret scalars are hashed out of them together with the witness and the
    transcript: repeated randomness (a restored machine) gives the same proof or unrelated ones, never two answers
    to one nonce. The same operations run for a bit 0 and a bit 1.
    """
    secret = fresh, transcript, group.write_scalar(number), group.write_scalar(blinding)
    scalars = group.expand(4 * bits, _NONCES, *secret)
    blindings, nonces, simulated, answers = (scalars[at::4] for at in range(4))
    rest = sum(one << place for place, one in enumerate(blindings) if place)
    blindings[0] = (blinding - rest) % ORDER
    sealed, announced = [], []
    for place in range(bits):
        bit = number >> place & 1
        bare = group.times_g(blindings[place])  # C - b*H
        above, below = group.add(bare, group.H), group.add(bare, group.MINUS_H)
        sealed.append((bare, above)[bit].format())
        # The other branch is C - (1-b)*H: bare - H for a bit 0, bare + H for a bit 1. Its challenge will be public.
        other = group.times((below, above)[bit], -simulated[place])
        pair = (
            group.times_g(nonces[place]).format(),
            group.add(group.times_g(answers[place]), other).format(),
        )
        announced.append(pair[bit] + pair[1 - bit])
    challenge = _challenge(transcript, sealed, announced)
    out = [group.write_scalar(challenge)]
    for place in range(bits):
        bit = number >> place & 1
        own = (challenge - simulated[place]) % ORDER
        answer = (nonces[place] + own * blindings[place]) % ORDER
        out += [
            sealed[place],
            group.write_scalar((own, simulated[place])[bit]),
            group.write_scalar((answer, answers[place])[bit]),
            group.write_scalar((answers[place], answer)[bit]),
        ]
    return b"".join(out)


def verify(transcript: bytes, point: Point, bits: int, proof: bytes) -> None:
    """Raise `ProofWrong` unless `proof` shows that `point` commits to a number in [0, 2^bits)."""
    if len(proof) != length(bits):
        raise ProofWrong(f"a proof over {bits} bits has {length(bits)} bytes, this one {len(proof)}")
    try:
        _verify(transcript, point, proof)
    except group.NotInGroup as error:
        raise ProofWrong(f"in the proof: {error}") from None


def _verify(transcript: bytes, point: Point, proof: bytes) -> None:
    challenge = group.read_scalar(proof[:SCALAR_BYTES])
    sealed, announced = [], []
    total: Point | None = None
    for at in range(len(proof) - PER_BIT, 0, -PER_BIT):  # from the highest bit: the sum by doubling
        data, scalars = proof[at : at + POINT_BYTES], proof[at + POINT_BYTES : at + PER_BIT]
        zero = group.read_point(data)
        e0, z0, z1 = (group.read_scalar(scalars[of : of + SCALAR_BYTES]) for of in range(0, 96, SCALAR_BYTES))
        e1 = (challenge - e0) % ORDER
        if not e1:
            raise ProofWrong("in the proof: a challenge is zero")
        one = group.add(zero, group.MINUS_H)
        first = group.add(group.times_g(z0), group.times(zero, -e0))
        second = group.add(group.times_g(z1), group.times(one, -e1))
        sealed.append(data)
        announced.append(first.format() + second.format())
        total = zero if total is None else group.add(total, total, zero)
    if total is None or total.format() != point.format():
        raise ProofWrong("the bits do not add up to the commitments in the credentials")
    if _challenge(transcript, sealed[::-1], announced[::-1]) != challenge:
        raise ProofWrong("the challenge does not fit what is claimed")


def _challenge(transcript: bytes, sealed: list[bytes], announced: list[bytes]) -> int:
    """Every part but the transcript has a fixed length, and the transcript enters as its hash. Zero, with a
    probability of 2^-256, is refused on reading.
    """
    data = _CHALLENGE + hashlib.sha256(transcript).digest() + b"".join(sealed) + b"".join(announced)
    return int.from_bytes(hashlib.sha256(data).digest(), "big") % ORDER
