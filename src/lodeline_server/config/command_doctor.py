from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lodeline.cli import GOOD, REFUSED, SUMMARIES
from lodeline.evidence import refuses

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["doctor"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django()
    from django.conf import settings

    from lodeline_server.config import doctor, folder
    from lodeline_server.kit.clock import now

    try:
        folder.check(settings.DATA)
    except folder.FolderRefused as refused:
        print(json.dumps({"error": str(refused)}) if args.json else f"lodeline doctor: {refused}")
        return REFUSED
    findings = doctor.examine(settings.DATA, now())
    if args.json:
        print(
            json.dumps(
                {"folder": str(settings.DATA), "findings": [finding.as_dict() for finding in findings]},
                indent=1,
            )
        )
    else:
        for finding in findings:
            print(f"{finding.severity.value:8} {finding.rule:14} {finding.pointer}: {finding.message}")
        print(f"{settings.DATA}: {'sound' if not findings else f'{len(findings)} findings'}")
    return REFUSED if refuses(findings) else GOOD
