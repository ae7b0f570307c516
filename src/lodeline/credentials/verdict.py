"""How a credential is refused: which step failed, and why in plain words."""

from __future__ import annotations

from typing import Final

STEPS: Final = ("structure", "signature", "key", "issuer", "status", "dates", "subject", "receipt")
"""In the order in which they are checked."""


class CredentialRefused(ValueError):  # noqa: N818 - a verdict, in the words of the pages
    """A credential, presentation or DID document does not hold. `step` is one of `STEPS`."""

    def __init__(self, step: str, message: str) -> None:
        if step not in STEPS:
            raise AssertionError(f"no step is called {step!r}")
        super().__init__(message)
        self.step, self.message = step, message
