"""Builds the documentation into site/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.exit(subprocess.call([str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", *sys.argv[1:]]))
