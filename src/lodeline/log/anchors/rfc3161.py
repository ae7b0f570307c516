"""Time stamps (RFC 3161): the request as bytes, and the check of what came back. No network, no clock.

The request is written here because the nonce is the caller's: it is stored before anything is sent, so that a
crash between sending and storing asks the same question again. Needs the package rfc3161-client to check.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

if TYPE_CHECKING:
    from datetime import datetime

    from rfc3161_client.tsp import TimeStampResponse
    from rfc3161_client.verify import Verifier

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MAX_TOKEN = 64 * 1024  # bytes; with one certificate about 1,300
NONCE_BYTES = 8
HASHES = {  # by object identifier; nothing below SHA-256
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_SHA256 = bytes.fromhex("300d06096086480165030402010500")  # AlgorithmIdentifier with NULL
_INTEGER, _OCTETS, _OID, _TRUE, _SEQUENCE = 0x02, 0x04, 0x06, b"\x01\x01\xff", 0x30
STATUS = {1: "granted with changes", 2: "rejected", 3: "waiting", 4: "revocation is near", 5: "revoked"}
# What the library raises for certificates that are none: KeyError for texts of a type that X.509 does not know.
_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class TokenRefused(ValueError):  # noqa: N818 - a verdict
    """The time stamp does not show what it should; the message says why."""


@frozen(kw_only=True)
class Stamp:
    """What a time stamp says. `time` has whole or parts of seconds, in UTC; `policy` is an object identifier."""

    time: datetime
    policy: str
    serial: int
    signer: str
    certificate_ends: datetime


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, x509.ObjectIdentifier(dotted).dotted_string.split("."))
    body = b""
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        body += bytes(reversed(groups))
    return _der(_OID, body)


def request(text: bytes, *, nonce: int, policy: str = "") -> bytes:
    """A TimeStampReq (section 2.4.1) for the SHA-256 of `text`: DER, asks for the signer's certificate.

    `nonce` is positive, at most 8 bytes. `policy` is an object identifier, or empty for the authority's own.
    """
    if not 0 < nonce < 1 << 8 * NONCE_BYTES:
        raise ValueError(f"a nonce is positive and has at most {NONCE_BYTES} bytes")
    imprint = _der(_SEQUENCE, _SHA256 + _der(_OCTETS, hashlib.sha256(text).digest()))
    number = _der(_INTEGER, nonce.to_bytes(nonce.bit_length() // 8 + 1, "big"))
    version = _der(_INTEGER, b"\x01")
    return _der(_SEQUENCE, version + imprint + (_oid(policy) if policy else b"") + number + _TRUE)


def roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file; raises `ValueError` when there is none."""
    return x509.load_pem_x509_certificates(pem)


def check(reply: bytes, text: bytes, *, roots_pem: bytes, nonce: int | None, policy: str = "") -> Stamp:
    """The stamp in a TimeStampResp, if it holds for `text` under one of the given roots; raises `TokenRefused`.

    Checked: status, signature and chain as of the stamp's time, key usage timeStamping alone and critical,
    the signer's validity at that time, hash at least SHA-256 and equal, nonce, policy. Certificates in
    `roots_pem` that are not self-issued are used as intermediates. `nonce` None: not known any more.
    """
    if len(reply) > MAX_TOKEN:
        raise TokenRefused(f"a time stamp has at most {MAX_TOKEN} bytes")
    try:
        decoded = decode_timestamp_response(reply)
    except ValueError as error:
        raise TokenRefused(f"not a time stamp that can be read: {error}") from None
    if decoded.status:
        said = "; ".join([STATUS.get(decoded.status, str(decoded.status)), *decoded.status_string])
        raise TokenRefused(f"the authority answered: {said}")
    try:
        info = decoded.tst_info
        algorithm = HASHES.get(info.message_imprint.hash_algorithm.dotted_string)
        signer = _signer(decoded)
        verifier = _verifier(roots_pem, nonce, policy)
    except _BROKEN as error:
        raise TokenRefused(f"the time stamp cannot be checked: {error}") from None
    if algorithm is None:
        raise TokenRefused("the time stamp uses a hash below SHA-256")
    try:
        verifier.verify(decoded, hashlib.new(algorithm, text).digest())
    except (VerificationError, UnsupportedAlgorithm, ValueError) as error:
        raise TokenRefused(f"the time stamp does not verify: {error}") from None
    begins, ends = signer.not_valid_before_utc, signer.not_valid_after_utc
    if not begins <= info.gen_time <= ends:
        raise TokenRefused("the signer's certificate is not valid at the time of the stamp")
    return Stamp(
        time=info.gen_time,
        policy=info.policy.dotted_string,
        serial=info.serial_number,
        signer=signer.subject.rfc4514_string(),
        certificate_ends=ends,
    )


def _verifier(roots_pem: bytes, nonce: int | None, policy: str) -> Verifier:
    builder = VerifierBuilder(nonce=nonce, policy_id=x509.ObjectIdentifier(policy) if policy else None)
    for one in roots(roots_pem):
        own = one.issuer == one.subject
        builder = builder.add_root_certificate(one) if own else builder.add_intermediate_certificate(one)
    return builder.build()


def _signer(decoded: TimeStampResponse) -> x509.Certificate:
    """The one embedded certificate that signed; its only purpose is time stamping (section 2.3)."""
    infos = list(decoded.signed_data.signer_infos)
    if len(infos) != 1:
        raise TokenRefused("a time stamp has exactly one signer")
    for der in decoded.signed_data.certificates:
        one = x509.load_der_x509_certificate(der)
        if (one.issuer, one.serial_number) == (infos[0].issuer, infos[0].serial_number):
            break
    else:
        raise TokenRefused("the signer's certificate is not in the time stamp")
    try:
        usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TokenRefused("the signer's certificate names no purpose") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TokenRefused("the signer's certificate must be for time stamping alone, marked critical")
    return one
