"""Keeps a small data folder of this version, so that a test can open it with every later one.

python tools/keep_folder.py       once per release; never overwrites
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lodeline import __version__

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests/apps/config/folders" / f"{__version__}.tar.gz"


def main() -> int:
    if TARGET.exists():
        print(f"{TARGET.name} is kept already")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    command = Path(sys.executable).parent / "lodeline"
    with tempfile.TemporaryDirectory() as room:
        environment = {**os.environ, "LODELINE_DATA": room}
        for words in (
            ["manage", "migrate", "--verbosity", "0"],
            ["demo", "load", "--small", "--as-of", "2026-11-01"],
            ["backup", str(TARGET)],
        ):
            subprocess.run([command, *words], env=environment, check=True)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
