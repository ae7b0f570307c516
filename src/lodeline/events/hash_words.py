"""Words and orders of the CBV 2.0 event hash: full forms of bare words, prefixes of the EPCIS context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.events import vocabulary as words

if TYPE_CHECKING:
    from collections.abc import Iterable

GS1: Final = "https://gs1.org/voc/"
MASTER_DATA: Final = "urn:epcglobal:cbv:mda"
SPACES: Final = {
    "gs1": GS1,
    "cbv": words.CBV,
    "epcis": "https://ref.gs1.org/epcis/",
    "cbvmda": MASTER_DATA,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes that need no definition: those of GS1's EPCIS context that events use."""


def _full(start: str, known: Iterable[str]) -> dict[str, str]:
    return {word: start + word for word in known}


STEP: Final = _full(f"{words.CBV}BizStep-", words.BIZ_STEPS)
DISPOSITION: Final = _full(f"{words.CBV}Disp-", words.DISPOSITIONS)
BTT: Final = _full(f"{words.CBV}BTT-", words.TRANSACTION_TYPES)
SDT: Final = _full(f"{words.CBV}SDT-", words.PARTY_TYPES)
COMPONENT: Final = _full(f"{words.CBV}Comp-", words.COMPONENTS)
MEASUREMENT: Final = _full(GS1, (*words.MEASUREMENTS, *words.ALERTS))
URNS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{words.CBV}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{words.CBV}Disp-",
    "urn:epcglobal:cbv:btt:": f"{words.CBV}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{words.CBV}SDT-",
    "urn:epcglobal:cbv:er:": f"{words.CBV}ER-",
}
"""Standard words in their URN form, and what they are written as."""
SENSOR_METADATA: Final = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
)  # fmt: skip
SENSOR_REPORT: Final = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue",
    "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
