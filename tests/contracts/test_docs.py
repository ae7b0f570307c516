"""Every command in the documentation runs.

In `console` blocks each line that starts with `$ ` is run by bash, page by page, in a data folder of its own that
holds the small demonstration world. It must end with 0, or with the code after `# exit`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps(page: Path) -> list[tuple[str, int]]:
    found = []
    for block in BLOCK.findall(page.read_text()):
        for line in re.sub(r"\\\n\s*>?\s*", " ", block).splitlines():
            if line.startswith("$ "):
                words, _, code = line[2:].partition("# exit ")
                found.append((words.strip(), int(code or 0)))
    return found


def test_the_documentation_has_commands():
    assert sum(len(steps(page)) for page in PAGES) > 20


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: page.stem)
def test_commands_of_a_page_run(page, demo_folder, tmp_path):
    data, home = tmp_path / "data", tmp_path / "home"
    shutil.copytree(demo_folder, data)
    home.mkdir()
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LODELINE_", "DATABASE_URL", "DJANGO_"))
    }
    environment = kept | {
        "LODELINE_DATA": str(data),
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for words, code in steps(page):
        done = subprocess.run(
            ["bash", "-c", words],
            cwd=home,
            env=environment,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, (
            f"$ {words}\nended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


def test_generated_reference_pages_are_current():
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


RULE = re.compile(
    r'"((?:json|document|context|event|schema|id|time|quantity|statement|signature|lot|item|transformation|custody|capture|ilmd|sheet|master-data)'
    r'\.[a-z][a-z-]+)"'
)
NOT_RULES = {"statement.html"}


def test_every_rule_is_on_the_findings_page():
    sources = [
        ROOT / "src/lodeline/events",
        ROOT / "src/lodeline/strictjson",
        ROOT / "src/lodeline_server/events",
    ]
    files = [
        path
        for folder in sources
        for path in folder.rglob("*.py")
        if path.name not in {"apps.py", "models.py"}
    ]
    rules = {rule for path in files for rule in RULE.findall(path.read_text())}
    # Types of statements and tasks are spelled like rules; they are named where they are defined.
    from lodeline.events.statement_kinds import KINDS

    page = (ROOT / "docs/reference/findings.md").read_text()
    assert len(rules) > 50
    assert sorted(rule for rule in rules - set(KINDS) - NOT_RULES if f"`{rule}`" not in page) == []


def test_every_finding_of_fsck_and_doctor_is_explained():
    for folder, page in (("log", "reference/findings.md"), ("config", "how-to/when-something-is-wrong.md")):
        found = set()
        for path in (ROOT / "src/lodeline_server" / folder).glob("*.py"):
            found |= set(re.findall(r'"([LD]-[A-Z]+(?:-[A-Z]+)*)"', path.read_text()))
        text = (ROOT / "docs" / page).read_text()
        assert len(found) > 5
        assert sorted(code for code in found if f"`{code}`" not in text) == []
