"""Validator and event hash: microseconds an event, and the hash beside the reference implementation on PyPI.

The reference runs in an environment of its own (`.tools/hash-reference`, made from `tools/hash-reference.lock.txt` by
hash the first time; without the package index its bars are skipped). Same results: on generated events string by
string; on GS1's own files every difference must have a name in `NAMED`, which says who is right by the standard.

    python -m benchmarks.events
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import documents
from benchmarks.harness import ROOT, bar, conformance
from lodeline import strictjson
from lodeline.events import context, epcis, hashing, rules, schema
from lodeline.events.limits import Limits
from lodeline.events.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE, ROUNDS = 1_000, 7
VALIDATE_US, HASH_US, TIMES = 30, 40, 50
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FOLDER = ROOT / ".tools" / "hash-reference"
NAMED = {
    "order": "fields stand in the order of the standard's table; the reference puts lists with a type behind sensors, "
    "own fields of places and sensors elsewhere, parentID before epcList: the table is right",
    "certificationInfo": "it has no place in the table, so it does not count; the reference counts it",
    "xsi": "xsi:type and xsi:nil are how XML says it, not what the event says; JSON has neither, and both must agree",
    "boolean": "true, as JSON and XML write it; the reference writes Python's True for JSON",
    "prefix": "a prefix is expanded (rule on CURIEs), gs1: and those declared in XML included",
    "digits": "a number keeps its digits, a text too; the reference passes both through a double",
    "mda": "GS1's master data namespace has a colon at its end in the JSON-LD context, none in XML; both must agree",
    "capitals": "a standard word in another spelling (Bizstep-) is that word",
}
_LEAVES = (
    *hashing.SENSOR_METADATA, *hashing.SENSOR_REPORT, "eventType", "eventTime", "eventTimeZoneOffset", "epcClass",
    "epc", "parentID", "quantity", "uom", "action", "transformationID", "bizStep", "disposition", "set", "unset", "id",
    "bizTransaction", "source", "destination", "certificationInfo", "measurementUnitCode",
)  # fmt: skip
_LISTS = (
    "epcList", "inputEPCList", "childEPCs", "outputEPCList", "quantityList", "childQuantityList", "inputQuantityList",
    "outputQuantityList", "quantityElement", "persistentDisposition", "readPoint", "bizLocation",
    "bizTransactionList", "sourceList", "destinationList", "sensorElementList", "sensorElement", "sensorMetadata",
    "sensorReport", "ilmd",
)  # fmt: skip
_NAMES = [
    *(f"{name}=" for name in sorted(_LEAVES, key=len, reverse=True)),
    *sorted(_LISTS, key=len, reverse=True),
]
_SPLIT = re.compile(rf"(?=\{{)|(?=cbvmda:)|(?<!\}})(?={'|'.join(_NAMES)})")


def cpu(work: Callable[[], object]) -> float:
    """CPU microseconds an event of one document."""
    gc.disable()
    begun = time.process_time()
    work()
    took = time.process_time() - begun
    gc.enable()
    return took / SIZE * 1e6


def best(work: Callable[[list[dict[str, Any]], context.Names], object], first: int) -> float:
    """The best of some documents nobody has seen: no identifier of theirs is in a cache."""
    took = []
    for number in range(first, first + ROUNDS):
        document = strictjson.loads(documents.batch(number, SIZE))
        raws, names = epcis.events_of(document), context.Names.of(document["@context"])
        took.append(cpu(lambda raws=raws, names=names: work(raws, names)))
    return min(took)


def _validate(raws: list[dict[str, Any]], names: context.Names) -> None:
    """What `check` does with each event: form by the schema, then every rule, into a value."""
    checker, limits = schema.validator("TransformationEvent"), Limits()
    for raw in raws:
        if rules.too_many(raw, (), limits) or not checker.is_valid(raw):
            raise RuntimeError("a generated event does not pass")
        if rules.read_event(raw, names, (), now=NOW, limits=limits)[1]:
            raise RuntimeError("a generated event has a finding")


def reference() -> Path | None:
    """The Python of the reference's environment; None when it cannot be made here."""
    python = FOLDER / "bin" / "python"
    if python.exists():
        return python
    tools = ROOT / ".tools" / "bin" / "uv"
    uv = str(tools if tools.exists() else Path(sys.executable).parent / "uv")
    for words in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)],
        [
            uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python),
            str(ROOT / "tools" / "hash-reference.lock.txt"),
        ],
    ):  # fmt: skip
        try:
            done = subprocess.run(words, capture_output=True, check=False, timeout=300)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
    return python


def asked(python: Path, files: list[Path]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [str(python), str(ROOT / "benchmarks" / "hash_reference.py"), *map(str, files)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {line["file"]: line for line in map(json.loads, done.stdout.splitlines())}


def differences(ours: str, theirs: str, prefixes: dict[str, str]) -> set[str] | None:
    """Names of the differences between two strings; None when something is left without a name."""
    if ours == theirs:
        return set()
    found = {"order"}
    mine, other = (Counter(part for part in _SPLIT.split(text) if "=" in part) for text in (ours, theirs))
    left, right = list((mine - other).elements()), list((other - mine).elements())
    for token in list(right):
        name = _named(token, left, prefixes)
        if name is None:
            return None
        found.add(name)
    return found if not left else None


def _named(token: str, left: list[str], prefixes: dict[str, str]) -> str | None:
    """Why the reference has this part; the part of ours that stands for it is taken from `left`."""
    key, _, value = token.partition("=")
    if key == "certificationInfo":
        return "certificationInfo"
    if "XMLSchema-instance}" in key:
        return "xsi"
    prefix, _, rest = value.partition(":")
    wanted = {
        f"{key}={value.lower()}": "boolean",
        f"{key}={prefixes.get(prefix, prefix)}{rest}": "prefix",
        f"{key.replace('cbv:mda:}', 'cbv:mda}')}={value}": "mda",
        f"{key.replace('cbvmda:', '{urn:epcglobal:cbv:mda}')}={value}": "prefix",
        token.replace("/Bizstep-", "/BizStep-"): "capitals",
    }
    for candidate, name in wanted.items():
        if candidate in left:
            left.remove(candidate)
            return name
    for mine in left:
        own, _, digits = mine.partition("=")
        if own == key and digits.isdigit() and value == str(int(float(digits))):
            left.remove(mine)
            return "digits"
    return None


def official(python: Path) -> dict[str, Any] | None:
    folder = conformance()
    if folder is None or not (folder / "gs1-epcis").is_dir():
        return None
    files = [
        *(folder / "gs1-epcis" / "JSON").rglob("*.jsonld"),
        *(folder / "gs1-epcis" / "XML").rglob("*.xml"),
    ]
    same, refused, named, unnamed = 0, 0, Counter[str](), []
    said = asked(python, sorted(files))
    for path in sorted(files):
        document, _ = read(path.read_bytes(), Limits())
        raws = epcis.events_of(document) if document else []
        theirs = said[str(path)].get("strings", [])
        if not raws or len(theirs) != len(raws):
            refused += len(raws)
            continue
        prefixes = hashing.spaces_of(context.Names.of((document or {}).get("@context")).prefixes)
        for ours, other in zip(
            hashing.prehashes(raws, (document or {}).get("@context")), theirs, strict=True
        ):
            names = differences(ours, other, prefixes)
            if names is None:
                unnamed.append(path.name)
            elif names:
                named.update(names)
            else:
                same += 1
    return {"same": same, "refused": refused, "named": named, "unnamed": unnamed}


def bars() -> Iterator[dict[str, Any]]:
    took = best(_validate, 1_000)
    only = best(lambda raws, _: all(map(schema.validator("TransformationEvent").is_valid, raws)), 1_100)
    yield bar(
        f"validator: at most {VALIDATE_US} us an event",
        f"{took:.1f} us",
        met=took <= VALIDATE_US,
        detail=f"schema alone {only:.1f} us; the rest is reading the event into exact values and the rules",
    )
    hashed = best(hashing.hashes, 2_000)
    yield bar(f"event hash: at most {HASH_US} us an event", f"{hashed:.1f} us", met=hashed <= HASH_US)
    python = reference()
    if python is None:
        yield bar(
            "event hash beside the reference", "", met=None, detail="the reference cannot be installed here"
        )
        return
    with tempfile.TemporaryDirectory() as room:
        file = Path(room) / "generated.jsonld"
        file.write_bytes(documents.batch(7, SIZE))
        said = asked(python, [file])[str(file)]
        document = strictjson.loads(file.read_bytes())
    ours = hashing.hashes(epcis.events_of(document), document["@context"])
    slow = said["seconds"] / SIZE * 1e6
    yield bar(
        f"event hash: at least {TIMES} times the rate of the reference",
        f"{slow / hashed:.0f} times",
        met=slow >= TIMES * hashed,
        detail=f"the reference takes {slow:,.0f} us an event, reading the file included",
    )
    yield bar(
        f"event hash: the reference's result on {SIZE:,} generated events",
        f"{sum(a == b for a, b in zip(ours, said['hashes'], strict=True)):,} equal",
        met=ours == said["hashes"],
    )
    found = official(python)
    if found is None:
        yield bar("event hash on GS1's files", "", met=None, detail="LODELINE_CONFORMANCE is not here")
        return
    lines = [f"{count:3} {name}: {NAMED[name]}" for name, count in found["named"].most_common()]
    yield bar(
        "event hash on GS1's files: the reference's result, or a difference with a name",
        f"{found['same']} equal, {len(found['unnamed'])} without a name",
        met=not found["unnamed"],
        detail="\n".join([*lines, f"{found['refused']:3} events are in files that the reference cannot read",
                          *found["unnamed"]]),
    )  # fmt: skip


if __name__ == "__main__":
    for line in bars():
        print(line["verdict"], line["bar"], line["figure"], line["detail"], sep="\n    ")
