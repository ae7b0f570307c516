"""Writes the generated reference pages: commands and roles.

python tools/reference.py [--check]     with --check: only say whether they are current
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from lodeline.access import PERMISSIONS, Permission, Role
from lodeline.cli import SUMMARIES, commands
from lodeline.events import untp
from lodeline.events.repairs import RULES
from lodeline.events.sheet_templates import SHARES, TEMPLATES, UNITS
from lodeline.events.statement_kinds import ENVELOPE, KINDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/reference"

COMMANDS_HEAD = """# Commands

Exit codes everywhere: **0** good, **1** findings or refused, **2** unusable input or usage. `--json` gives the answer
as JSON. Commands read the data folder that `LODELINE_DATA` names.

This page is written by `tools/reference.py` from the commands themselves.
"""
STATEMENTS_HEAD = """# Statements

What a party says outside of events travels in a StatementDocument:

```json
{
  "type": "StatementDocument",
  "schemaVersion": "1",
  "creationDate": "2026-11-01T12:00:00Z",
  "statements": [
    {
      "id": "urn:uuid:7f6c1f0e-0f0c-4e0c-9d7e-1b0f5a1b2c3d",
      "kind": "policy.signature",
      "subject": "https://id.gs1.org/417/9521000000004",
      "issuer": "https://id.gs1.org/417/9521000000004",
      "issued": "2026-10-30",
      "content": {"policy": "code_of_conduct", "version": "3", "signatory": "A. Example", "signed": "2026-10-30"}
    }
  ]
}
```

It is captured like events: `POST /api/statements` or `lodeline capture FILE`. The level of evidence follows from
`assurance` (codes of the UNTP Digital Conformity Credential), the signature and the document's hash; see
[the method](../method/trust-score.md).

In events, our own words stand in `ilmd` under a prefix for `urn:x-lodeline:epcis:` (here `lode`): `lode:product`
(text), `lode:composition` (list of `lode:substance`, one of Ni, Co, Mn, Li, C, Cu, Al, with `lode:massFraction`, a
decimal string), `lode:unitMass` (`lode:value` and `lode:uom`, mass of one piece), `lode:custodyModel` (text).

This page is written by `tools/reference.py` from the schemas that check the statements.
"""
ROLES_HEAD = """# Roles and permissions

A person plays one role for an organisation in a workspace; an API key has a role too, and may be narrowed to some of
its permissions. What lies in another workspace does not exist for you: it answers 404. A supplier sees its own
organisation's objects only.

This page is written by `tools/reference.py` from `lodeline.access`.
"""


def _words(action: argparse.Action) -> str:
    if not action.option_strings:
        name = action.metavar or action.dest
        shown = name if isinstance(name, str) else " ".join(name)
        return f"{shown.upper()}{' ...' if action.nargs in ('*', '+', argparse.REMAINDER) else ''}"
    given = "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
    takes = "" if action.nargs == 0 else f" {action.metavar or given}"
    return f"{action.option_strings[-1]}{takes}"


def _options(parser: argparse.ArgumentParser) -> list[str]:
    rows = []
    for action in parser._actions:  # argparse offers no public way to ask
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        must = " (needed)" if action.required and action.option_strings else ""
        said = (action.help or "").replace("|", "\\|").replace("%(default)s", str(action.default))
        rows.append(f"| `{_words(action)}`{must} | {said} |".replace("`|", "`\\|"))
    return ["", "| Word | Meaning |", "|---|---|", *rows] if rows else []


def _section(title: str, parser: argparse.ArgumentParser, level: int) -> list[str]:
    lines = [
        "",
        f"{'#' * level} `{title}`",
        "",
        (parser.description or "").strip().rstrip(".").capitalize() + ".",
    ]
    lines += _options(parser)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                lines += _section(f"{title} {name}", sub, level + 1)
    return lines


def command_page() -> str:
    lines = [COMMANDS_HEAD.rstrip()]
    found = commands()
    for name in SUMMARIES:
        module = importlib.import_module(found[name])
        parser = argparse.ArgumentParser(prog=f"lodeline {name}", description=module.SUMMARY)
        module.add_arguments(parser)
        lines += _section(f"lodeline {name}", parser, 2)
    return "\n".join(lines) + "\n"


def role_page() -> str:
    head = "| Permission | " + " | ".join(role.value for role in Role) + " |"
    lines = [ROLES_HEAD, head, "|---" * (len(Role) + 1) + "|"]
    for permission in Permission:
        marks = " | ".join("yes" if permission in PERMISSIONS[role] else "–" for role in Role)
        lines.append(f"| `{permission.value}` | {marks} |")
    return "\n".join(lines) + "\n"


def _form(schema: dict[str, Any]) -> str:
    """A schema in words."""
    if "enum" in schema:
        return "one of " + ", ".join(f"`{word}`" for word in schema["enum"])
    if "x-say" in schema:
        return str(schema["x-say"]).rstrip(".")
    if schema.get("type") == "array":
        return f"list of {_form(schema.get('items', {}))}"
    if schema.get("format") == "uri":
        return "URI"
    if schema.get("properties"):
        return "object with " + ", ".join(f"`{name}`" for name in schema["properties"])
    return {"string": "text", "integer": "whole number", "boolean": "`true` or `false`"}.get(
        str(schema.get("type")), "object"
    )


def _members(schema: dict[str, Any]) -> list[str]:
    needed = set(schema.get("required", ()))
    rows = [
        f"| `{name}` | {'yes' if name in needed else 'no'} | {_form(part)} |"
        for name, part in schema["properties"].items()
    ]
    return ["| Member | Needed | Form |", "|---|---|---|", *rows]


def statement_page() -> str:
    lines = [STATEMENTS_HEAD, "## The envelope", "", *_members(ENVELOPE), ""]
    for kind, schema in KINDS.items():
        lines += [f"## `{kind}`", "", *_members(schema), ""]
    return "\n".join(lines).rstrip() + "\n"


REPAIRS_HEAD = """# Repairs of lenient mode

Strict mode is the default: what is wrong is refused, with all findings. With `lodeline events check --lenient`,
`lodeline capture --lenient` or the header `Lodeline-Lenient: true`, the document is repaired first, by the rules below
and no others. Each repair is listed with its rule, a JSON pointer, what stood there and what stands there now; it is
kept with the event in the log, beside the document as it came. No repair gives an identifier, a quantity or a time
another value; what cannot be derived is refused.

This page is written by `tools/reference.py` from `lodeline.events.repairs` and `lodeline.events.untp`.
"""


def repairs_page() -> str:
    lines = [REPAIRS_HEAD, "| Rule | What it does |", "|---|---|"]
    lines += [f"| `{rule}` | {says} |" for rule, says in RULES.items()]
    lines += [
        "",
        f"## `{untp.RULE}`: names",
        "",
        "| UNTP | EPCIS |",
        "|---|---|",
        *(f"| `{old}` | `{name}` |" for old, name in untp.NAMES.items()),
        *(f"| `{old}` | `{name}`, type `owning_party` |" for old, (name, _) in untp.PARTIES.items()),
        "| `productId`, `product` in a quantity | `epcClass` |",
        "| `productName` in a quantity | left out (a label) |",
        "| `device` in sensorMetadata | `deviceID` |",
        "| `sensorType` in a sensorReport | `type` |",
        "| objects with an `id` in identifier lists and in `parentEPC` | that `id` |",
        "",
        (
            f"The prefix `untp` stands for `{untp.SPACE}`. A credential of type `{untp.CREDENTIAL}` is read "
            "as a document of its events; its proof is verified elsewhere ([credentials](../how-to/credentials.md))."
        ),
    ]
    return "\n".join(lines) + "\n"


SHEETS_HEAD = """# Templates of sheets

What suppliers without systems send as XLSX or CSV ([how to](../how-to/send-sheets.md)). Above the rows stand the
template with its version, the time zone of all times without an offset, and the decimal mark of numbers that are kept
as text; then a row of headings, in any order. Empty rows are passed over, `*` behind a heading is ignored.

This page is written by `tools/reference.py` from `lodeline.events.sheet_templates`.
"""
SHEET_KINDS = {
    "text": "text, at most 200 characters",
    "code": "letters, digits and signs, at most 60",
    "time": "date and time",
    "day": "date",
    "place": "GLN, or full identifier",
    "party": "GLN, or full identifier",
    "gtin": "GTIN",
    "lot": "lot code with a GTIN beside it, or full identifier",
    "amount": "number above zero",
    "unit": "unit",
    "word": "word",
    "percent": "percent, 0 to 100",
    "share": "number",
    "share_unit": "unit",
}


def sheets_page() -> str:
    lines = [SHEETS_HEAD.rstrip()]
    for one in TEMPLATES.values():
        key = " and ".join(one.column(name).title for name in one.key)
        lines += [
            "",
            f"## {one.title}, version {one.version}",
            "",
            f"{one.purpose} It makes {one.makes}. What makes a row the same row when it is sent again: {key}.",
            "",
            "| Column | Needed | Form | What stands there | Example |",
            "|---|---|---|---|---|",
        ]
        for column in one.columns:
            form = ", ".join(f"`{word}`" for word in column.words) or SHEET_KINDS[column.kind]
            needed = "yes" if column.required else "no"
            example = f"`{column.example}`" if column.example else ""
            lines.append(f"| {column.title} | {needed} | {form} | {column.help} | {example} |")
    lines += ["", "## Units", "", "| Word | Code |", "|---|---|"]
    lines += [f"| `{word}` | `{code}` |" for word, code in UNITS.items()]
    lines += [
        "",
        "Codes of UN/CEFACT Rec 20 for masses, counts and volumes are taken as they are. Units of assays:",
        "",
        "| Unit | Meaning |",
        "|---|---|",
    ]
    lines += [f"| `{word}` | {meaning} |" for word, (_, meaning) in SHARES.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    stale = []
    for name, text in (
        ("commands.md", command_page()),
        ("roles.md", role_page()),
        ("statements.md", statement_page()),
        ("repairs.md", repairs_page()),
        ("sheets.md", sheets_page()),
    ):
        path = PAGES / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text)
    if "--check" in sys.argv and stale:
        print(f"stale: {', '.join(stale)}; run tools/reference.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
