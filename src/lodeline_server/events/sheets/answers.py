"""Templates and previews in the words of the API and the pages."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lodeline.events.sheet_templates import TEMPLATES
from lodeline.events.sheet_write import template_csv, template_xlsx

if TYPE_CHECKING:
    from lodeline.events.sheet_templates import Template
    from lodeline_server.events.sheets.models import SheetPreview

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def template(one: Template) -> dict[str, Any]:
    """A template as data."""
    return {
        "name": one.name,
        "version": one.version,
        "title": one.title,
        "purpose": one.purpose,
        "makes": one.makes,
        "columns": [
            {
                "title": column.title,
                "kind": column.kind,
                "required": column.required,
                "help": column.help,
                "example": column.example,
                "words": list(column.words),
            }
            for column in one.columns
        ],
    }


def templates() -> list[dict[str, Any]]:
    return [template(one) for one in TEMPLATES.values()]


def file(one: Template, form: str) -> tuple[bytes, str]:
    """The template to fill in, and its media type."""
    return (template_xlsx(one), XLSX) if form == "xlsx" else (template_csv(one), "text/csv; charset=utf-8")


def preview(row: SheetPreview) -> dict[str, Any]:
    return {
        "previewID": row.uuid,
        "template": row.template,
        "name": row.name,
        "sheet": row.sheet,
        "sha256": row.sha256,
        "size": row.size,
        "createdAt": row.created_at,
        "expiresAt": row.expires_at,
        "rows": row.total,
        "events": len(row.made),
        "new": row.count("new"),
        "duplicates": row.count("duplicate"),
        "corrections": row.count("correction"),
        "errors": row.errors,
        "refused": bool(row.errors),
        "findings": row.findings,
        "made": row.made,
        "captureID": row.job.uuid if row.job else None,
    }


def lines(row: SheetPreview) -> list[dict[str, Any]]:
    """The rows to show: number, how it stands to the record, cells with their findings, findings of the row."""
    by_cell: defaultdict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for found in row.findings:
        by_cell[found["row"], found["column"] if found["column"] in row.columns else ""].append(found)
    state = {number: one["state"] for one in row.made for number in one["rows"]}
    return [
        {
            "number": number,
            "state": state.get(number, ""),
            "findings": by_cell.get((number, ""), []),
            "cells": [
                {"text": text, "findings": by_cell.get((number, title), [])}
                for text, title in zip(cells, row.columns, strict=True)
            ],
        }
        for number, cells in row.rows
    ]
