"""All that shows "this was in the log before": one archive that is checked without us."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from lodeline.log import receipt
from lodeline_server.log import notebook, queries
from lodeline_server.log.anchoring import queries as anchors
from lodeline_server.log.anchoring import targets
from lodeline_server.log.anchoring.actions import subject_of
from lodeline_server.log.books import book

if TYPE_CHECKING:
    from lodeline_server.log.anchoring.models import Anchor

DATE = (1980, 1, 1, 0, 0, 0)  # the same bytes every time
NAMES = {"rfc3161": "timestamp.tsr", "evm": "transaction.json", "file": "checkpoint.copy"}
WORDS = """\
What stands at position {position} of {origin}
was in the log before {until} UTC.

Files
  statement.leaf         the record in the log: type, time, and a salted hash of what was said
  statement.tlog-proof   its way into the checkpoint of {size} entries, and that checkpoint, signed
  checkpoint.txt         the text of the checkpoint, which is what was anchored
  {evidence:<22} {what}

Check it
  lodeline log verify statement.tlog-proof --leaf statement.leaf --key VKEY
    The log's key, which you should also have from elsewhere:
    {vkey}
{steps}
Take trusted keys and certificates from those who own them, not from this archive.
"""
WHAT = {
    "rfc3161": "time stamp of checkpoint.txt (RFC 3161)",
    "evm": "the transaction that anchored size and root, with its block",
    "file": "the checkpoint as it was written to a folder",
}
STEPS = {
    "rfc3161": """\
  openssl ts -verify -in timestamp.tsr -data checkpoint.txt -CAfile roots.pem
  lodeline anchor verify --token timestamp.tsr --checkpoint checkpoint.txt --roots roots.pem
    roots.pem is what the operator trusts; compare it with the authority's own.
""",
    "evm": """\
  Ask a node that you trust for the receipt of the transaction (eth_getTransactionReceipt): an event of the contract
    with the SHA-256 of the log's name, the size and the root. The block's time is the time.
""",
    "file": "",
}


def bundle(row: Anchor, position: int) -> bytes:
    """A zip archive; the anchor covers the position. What it holds of the statement is its leaf, which says nothing."""
    subject, at = subject_of(row), book(row.book)
    leaf = bytes(at.entries.objects.values_list("leaf", flat=True).get(position=position))
    proof = receipt.make(position, queries.inclusion(position, row.size, at), row.note)
    words = WORDS.format(
        position=position,
        origin=subject.origin,
        until=f"{anchors.until(row):%Y-%m-%d %H:%M:%S}",
        size=row.size,
        evidence=NAMES[row.kind],
        what=WHAT[row.kind],
        vkey=notebook.verifier(at),
        steps=STEPS[row.kind],
    )
    files = {
        "README.txt": words.encode(),
        "statement.leaf": leaf,
        "statement.tlog-proof": proof.text().encode(),
        "checkpoint.txt": subject.text,
        NAMES[row.kind]: bytes(row.receipt),
    }
    if row.kind == "rfc3161" and (roots := _roots(row.target)):
        files["roots.pem"] = roots
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _roots(name: str) -> bytes:
    """The certificates that the operator trusts for a place, as far as they can be read."""
    try:
        target = next((one for one in targets.load() if one.name == name and one.kind == "rfc3161"), None)
        return target.path("roots").read_bytes() if target else b""
    except (OSError, targets.TargetsRefused):
        return b""
