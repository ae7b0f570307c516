"""The data folder: its format, and the promise that an older program leaves a newer folder alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from lodeline import __version__

if TYPE_CHECKING:
    from pathlib import Path

# Raised when something outside the database changes shape (secrets, files). The database itself is
# versioned by its migrations.
FORMAT = 1


class FolderRefused(Exception):  # noqa: N818
    """This program must not open this folder; the message says why and what to do."""


def check(data: Path) -> None:
    """Refuse a folder that a newer program has written. Reads only."""
    try:
        mark = json.loads((data / "lodeline.json").read_text())
    except FileNotFoundError:
        mark = {}
    except ValueError as error:
        raise FolderRefused(
            f"{data}/lodeline.json is damaged ({error}); restore the folder from a backup"
        ) from error
    if int(mark.get("format", 0)) > FORMAT:
        raise FolderRefused(
            f"the data folder was written by Lodeline {mark.get('program')} (format {mark['format']}); "
            f"this is {__version__} (format {FORMAT}). Install the newer program."
        )
    executor = MigrationExecutor(connection)
    unknown = sorted(
        f"{app}.{name}"
        for app, name in set(executor.loader.applied_migrations) - set(executor.loader.graph.nodes)
    )
    replaced = {key for migration in executor.loader.replacements for key in migration}
    unknown = [name for name in unknown if tuple(name.split(".", 1)) not in replaced]
    if unknown:
        raise FolderRefused(
            f"the database holds changes this program does not know ({', '.join(unknown[:3])}): "
            "it was used by a newer Lodeline. Install that one."
        )


def pending() -> list[str]:
    """Migrations that are not applied yet."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def fresh() -> bool:
    """True when the database has no tables yet."""
    return not connection.introspection.table_names()


def mark(data: Path) -> None:
    """Say which program and format this folder belongs to."""
    path = data / "lodeline.json"
    text = json.dumps({"format": FORMAT, "program": __version__})
    if not path.exists() or path.read_text() != text:
        part = path.with_suffix(".part")
        part.write_text(text)
        part.replace(path)


def migrate(data: Path) -> list[str]:
    """Bring the database to this program. The caller makes a backup first where there is data."""
    applied = pending()
    if applied:
        call_command("migrate", verbosity=0, interactive=False)
    mark(data)
    return applied
