"""What the log holds of books: four kinds of statements, read back into the core's values."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lodeline import strictjson
from lodeline.lots.credits import Account, Closing, Entry, Kind
from lodeline.lots.custody import Method, Model
from lodeline.lots.schemes import Factor, Group, Scheme, periods

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME: Final = "custody.scheme"
ENTRY: Final = "custody.entry"
REMARK: Final = "custody.remark"
CLOSED: Final = "custody.closed"
TYPES: Final = frozenset({SCHEME, ENTRY, REMARK, CLOSED})
APPROVED: Final = "on record"
LARGEST: Final = 10**14
"""mg in one entry, 100,000 t: sums of many still fit the database."""


def scheme(body: Mapping[str, Any]) -> Scheme:
    """The rules of one version. Raises `CreditRefused`."""
    spans = body["periods"]
    return Scheme(
        name=body["scheme"],
        version=body["version"],
        periods=periods(
            datetime.fromisoformat(spans["start"]), months=spans["months"], count=spans["count"]
        ),
        longest_days=body["longestDays"],
        carry=body["carry"],
        shared_with=frozenset(body["sharedWith"]),
        method=Method(body["method"]),
        window_days=body["windowDays"],
        tolerance=Fraction(body["tolerance"]),
        variance=Fraction(body["variance"]),
        close_days=body["closeDays"],
        keep_years=body["keepYears"],
        groups=tuple(
            Group(name=one["group"], substance=one["substance"], products=frozenset(one["products"]))
            for one in body["groups"]
        ),
        factors=tuple(
            Factor(
                source=one["from"], target=one["to"], process=one["process"], value=Fraction(one["factor"]),
                evidence=one["evidence"],
            )
            for one in body["factors"]
        ),
    )  # fmt: skip


def account(body: Mapping[str, Any]) -> Account:
    return Account(
        scheme=body["scheme"],
        model=Model(body["model"]),
        site=body["site"],
        group=body["group"],
        characteristics=frozenset(body["characteristics"]),
    )


def book(one: Account) -> dict[str, Any]:
    """An account as members of a statement."""
    return {
        "scheme": one.scheme,
        "model": one.model.value,
        "site": one.site,
        "group": one.group,
        "characteristics": sorted(one.characteristics),
    }


def ref(one: Account) -> str:
    """The name of a book in addresses: the same wherever it is kept."""
    return sha256(strictjson.canonical(book(one))).hexdigest()[:16]


def entry(body: Mapping[str, Any]) -> Entry:
    """One line, as it was booked."""
    into = body.get("into")
    proof = body["evidence"]
    return Entry(
        id=body["id"],
        kind=Kind(body["entry"]),
        account=account(body["book"]),
        at=datetime.fromisoformat(body["at"]),
        mass=int(body["massMg"]),
        evidence=evidence(proof),
        event=proof.get("event", ""),
        source=body.get("source", ""),
        received=_moment(body.get("received")),
        weighed=body.get("weighed", True),
        custody=Model(body["custody"]) if "custody" in body else None,
        into=account(into) if into else None,
        factor=Fraction(body["factor"]) if "factor" in body else None,
        process=body.get("process", ""),
        loss=_number(body.get("lossMg")),
        whole=_number(body.get("wholeMg")),
        from_waste=body.get("fromWaste", False),
        reverses=body.get("reverses", ""),
        approver=body.get("approver", ""),
    )


def evidence(proof: Mapping[str, str]) -> str:
    """What an entry cites, as one text."""
    return "; ".join(
        f"{name} {proof[name]}" for name in ("event", "certificate", "ticket") if proof.get(name)
    )


def told(one: Entry, proof: Mapping[str, str]) -> dict[str, Any]:
    """An entry as members of a statement; exactly what `entry` reads."""
    found: dict[str, Any] = {
        "id": one.id,
        "entry": one.kind.value,
        "book": book(one.account),
        "at": one.at.isoformat(),
        "massMg": str(one.mass),
        "evidence": dict(proof),
        "source": one.source,
        "received": one.received.isoformat() if one.received else None,
        "weighed": one.weighed,
        "custody": one.custody.value if one.custody else None,
        "into": book(one.into) if one.into else None,
        "factor": str(one.factor) if one.factor is not None else None,
        "process": one.process,
        "lossMg": None if one.loss is None else str(one.loss),
        "wholeMg": None if one.whole is None else str(one.whole),
        "fromWaste": one.from_waste or None,
        "reverses": one.reverses,
        "approver": one.approver,
    }
    return {name: value for name, value in found.items() if value is not None and value != ""}


def closing(body: Mapping[str, Any]) -> Closing:
    return Closing(account(body["book"]), datetime.fromisoformat(body["end"]))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None else None
