"""Copies the chosen files of the npm packages into the ignored static folder and lists them in a manifest.

`frontend/vendored.json` says which files of which package; the manifest holds name, version, licence and
SHA-256 of each, and the hash of the lock file it was made from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
TARGET = ROOT / "src/lodeline_server/kit/static/vendor"
MANIFEST = TARGET / "manifest.json"


def lock_hash() -> str:
    text = (FRONTEND / "package-lock.json").read_bytes() + (FRONTEND / "vendored.json").read_bytes()
    return hashlib.sha256(text).hexdigest()


def current() -> bool:
    """True when the manifest was made from today's lock file and every file is there."""
    try:
        manifest = json.loads(MANIFEST.read_text())
    except (OSError, ValueError):
        return False
    return manifest["lock"] == lock_hash() and all(
        (TARGET / item["file"]).is_file() for item in manifest["files"]
    )


def copy() -> str:
    """Copy, write the manifest, say what came."""
    shutil.rmtree(TARGET, ignore_errors=True)
    files = []
    for package, names in json.loads((FRONTEND / "vendored.json").read_text()).items():
        source = FRONTEND / "node_modules" / package
        about = json.loads((source / "package.json").read_text())
        for name in names:
            target = TARGET / package / Path(name).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target)
            files.append(
                {
                    "name": package,
                    "version": about["version"],
                    "licence": about.get("license", ""),
                    "file": str(target.relative_to(TARGET)),
                    "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
                }
            )
    MANIFEST.write_text(json.dumps({"lock": lock_hash(), "files": files}, indent=1))
    return f"{len(files)} files"
