"""Checkpoints as files for others to keep: the signed note, and the same as an e-mail ready to send.

A file says nothing about time by itself. Whoever outside keeps it can show later that the log did not change.
"""

from __future__ import annotations

import os
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.log.anchors.states import State
from lodeline_server.kit.secrets import sync_folder
from lodeline_server.log import notebook
from lodeline_server.log.anchoring.kinds import AnchorError, Outcome
from lodeline_server.log.books import book

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.log.anchoring.kinds import Subject
    from lodeline_server.log.anchoring.targets import Target

ENDING, MAIL = ".checkpoint", ".eml"
WORDS = """\
This is the signed checkpoint of a tamper-evident log. Keep it.

{note}
What it says
  Line 1 names the log, line 2 says how many statements it held, line 3 is the hash over all of them
  (RFC 6962, base64). Then come the signatures (C2SP signed note).

How to check it
  1. Signature. It verifies with this key, which you should also have from somewhere else:
     {vkey}
  2. Later, ask the log for its newest checkpoint and for the proof that it extends this one.
     With Lodeline's tools:  lodeline log monitor
     With others: any verifier of C2SP tlog-tiles, at the address in line 1.
  3. A log that cannot prove it, or that has another hash at {size}, was changed. Keep both checkpoints:
     together they are the evidence.
"""


def instructions(subject: Subject) -> str:
    """The note and what to do with it, as plain text."""
    return WORDS.format(note=subject.note, vkey=notebook.verifier(book(subject.book)), size=subject.size)


def mail(subject: Subject, to: str = "") -> bytes:
    """The same as a message (RFC 5322) with the note attached; sent by whoever sends the operator's mail."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"Checkpoint {subject.size} of {subject.origin}"
    message["Date"] = subject.queued_at
    if to:
        message["To"] = to
    message["X-Log-Checkpoint"] = subject.name
    message.set_content(instructions(subject))
    message.add_attachment(
        subject.note.encode(),  # as bytes: not a letter may change on the way
        maintype="application",
        subtype="octet-stream",
        filename=f"{subject.name}{ENDING}",
    )
    message.set_boundary(f"checkpoint-{subject.root.hex()[:32]}")
    return message.as_bytes()


class Folder:
    """`folder`: where files go, better one on another machine. `to`: who the e-mail is for."""

    def __init__(self, target: Target) -> None:
        self.folder, self.to = target.path("folder"), str(target.settings.get("to", ""))

    def begin(self, subject: Subject) -> tuple[bytes, dict[str, Any]]:
        return subject.note.encode(), {"file": f"{subject.name}{ENDING}"}

    def send(self, subject: Subject, request: bytes, detail: dict[str, Any], now: datetime) -> Outcome:  # noqa: ARG002
        """Write what is not there yet, and read it back. What is there with other content is left alone."""
        mail_name = str(Path(detail["file"]).with_suffix(MAIL))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, data in ((mail_name, mail(subject, self.to)), (detail["file"], request)):
                self._write(name, data)
            sync_folder(self.folder)
        except OSError as error:
            raise AnchorError(f"the folder cannot be written: {error}") from None
        found = self.look(subject, b"", detail)
        if found is None:
            raise AnchorError(f"{self.folder / detail['file']} holds another checkpoint")
        return found

    def look(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> Outcome | None:  # noqa: ARG002
        try:
            data = (self.folder / detail["file"]).read_bytes()
        except OSError:
            return None
        return Outcome(state=State.FINAL, receipt=data) if data == subject.note.encode() else None

    def verify(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> datetime | None:
        if self.look(subject, receipt, detail) is None:
            raise AnchorError(f"{self.folder / detail['file']} is gone or changed")
        return None

    def _write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        if path.exists():
            return
        part = path.with_name(f".{name}.part")
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
