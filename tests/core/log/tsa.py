"""A time-stamping authority for tests: own root, own signer, strict DER, only the signer's certificate inside.

Written on asn1crypto and cryptography, so it shares nothing with what checks its tokens. Each fault that a check
must find is a word of `Authority` or of `answer`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.3.6.1.4.1.55738.1"
SERIAL = 7_000_001


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, key, issuer, issuer_key, start, end, *extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """`start` and `end` bound the signer's certificate; its usage can be made wrong."""

    def __init__(
        self,
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2028, 1, 1, tzinfo=UTC),
        usages=(ExtendedKeyUsageOID.TIME_STAMPING,),
        *,
        critical=True,
    ):
        ca, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = _certificate(
            "Test root",
            ca,
            "Test root",
            ca,
            datetime(2020, 1, 1, tzinfo=UTC),
            datetime(2040, 1, 1, tzinfo=UTC),
            (x509.BasicConstraints(ca=True, path_length=None), True),
        )
        usage = [(x509.ExtendedKeyUsage(usages), critical)] if usages else []
        self.signer = _certificate("Test signer", self.key, "Test root", ca, start, end, *usage)

    @property
    def pem(self):
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(
        self,
        query: bytes,
        time: datetime,
        *,
        nonce=None,
        policy=POLICY,
        status="granted",
        algorithm=None,
        certificates=None,
        spoil=False,
    ) -> bytes:
        """A reply to a request in DER; every keyword makes it a lie."""
        asked = tsp.TimeStampReq.load(query, strict=True)
        if status != "granted":
            said = tsp.PKIStatusInfo({"status": status, "status_string": ["not today"]}).dump()
            return bytes([0x30, len(said)]) + said  # a TimeStampResp without a token
        imprint = asked["message_imprint"]
        if algorithm:
            imprint = tsp.MessageImprint(
                {
                    "hash_algorithm": {"algorithm": algorithm},
                    "hashed_message": hashlib.new(algorithm, b"").digest(),
                }
            )
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": policy,
                "message_imprint": imprint,
                "serial_number": SERIAL,
                "gen_time": time,
                "nonce": asked["nonce"].native if nonce is None else nonce,
            }
        )
        signer = asn1.Certificate.load(self.signer.public_bytes(serialization.Encoding.DER))
        bound = tsp.SigningCertificateV2(
            {"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(signer.dump()).digest()})]}
        )
        sealed = info.dump()
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(sealed).digest()]},
                {"type": "signing_certificate_v2", "values": [bound]},
            ]
        )
        signature = self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        if spoil:
            signature = self.key.sign(b"something else", ec.ECDSA(hashes.SHA256()))
        given = [signer] if certificates is None else certificates
        token = cms.ContentInfo(
            {
                "content_type": "signed_data",
                "content": cms.SignedData(
                    {
                        "version": "v3",
                        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                        "encap_content_info": {
                            "content_type": "tst_info",
                            "content": core.ParsableOctetString(sealed),
                        },
                        "certificates": given,
                        "signer_infos": [
                            {
                                "version": "v1",
                                "sid": cms.SignerIdentifier(
                                    name="issuer_and_serial_number",
                                    value=cms.IssuerAndSerialNumber(
                                        {"issuer": signer.issuer, "serial_number": signer.serial_number}
                                    ),
                                ),
                                "digest_algorithm": {"algorithm": "sha256"},
                                "signed_attrs": attributes,
                                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                                "signature": signature,
                            }
                        ],
                    }
                ),
            }
        )
        return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump()


def second(moment: datetime) -> datetime:
    """What a stamp keeps of an instant."""
    return moment.replace(microsecond=0)


DAY = timedelta(days=1)
