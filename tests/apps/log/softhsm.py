"""A PKCS#11 token of SoftHSM2 in a folder of its own, for one process."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PIN = "271828"
PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)


def module() -> str | None:
    """The library; None where SoftHSM2 is not installed."""
    return next((place for place in PLACES if Path(place).exists()), None)


def make(folder: Path, name: str = "lodeline") -> dict[str, str]:
    """Initialise a token below `folder`; the environment that names it."""
    library = module()
    assert library is not None
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    (folder / "pin").write_text(f"{PIN}\n")
    found = {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", name, "--pin", PIN, "--so-pin", "314159"],
        env=os.environ | found, check=True, capture_output=True,
    )  # fmt: skip
    return found | {
        "LODELINE_PKCS11_MODULE": library,
        "LODELINE_PKCS11_TOKEN": name,
        "LODELINE_PKCS11_PIN_FILE": str(folder / "pin"),
    }
