from __future__ import annotations

import argparse

from lodeline.cli import SUMMARIES

SUMMARY = SUMMARIES["manage"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs=argparse.REMAINDER, help="a management command and its words")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["lodeline manage", *args.words])
    return 0
