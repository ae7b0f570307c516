"""Rules and entries to begin with: what `lodeline custody example` prints. Every figure in them is invented."""

from __future__ import annotations

from typing import Any, Final

SITE: Final = "https://id.gs1.org/414/9521401000013"
_BOOK: Final = {"scheme": "House rules", "model": "mass-balance"}
_RECYCLED: Final = {"characteristics": ["recycled"]}
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "rules": {
        "scheme": "House rules",
        "version": "1",
        "periods": {"start": "2026-01-01", "months": 1, "count": 120},
        "longestDays": 31,
        "carry": 2,
        "groups": [
            {"group": "cobalt sulphate", "substance": "Co", "products": ["cobalt sulphate"]},
            {"group": "cathode", "substance": "Co", "products": ["cathode material NMC 622"]},
        ],
        "factors": [
            {
                "from": "cobalt sulphate", "to": "cathode", "process": "co-precipitation", "factor": "0.96",
                "evidence": "mass flow study 2025, line 2",
            }
        ],
    },
    "receipt": {
        "id": "R-1", "kind": "receipt", **_BOOK, "site": SITE, "group": "cobalt sulphate", **_RECYCLED,
        "at": "2026-03-04", "received": "2026-03-03", "massKg": "10",
        "evidence": {
            "ticket": "W-4711",
            "certificate": "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce",
        },
    },
    "conversion": {
        "id": "C-1", "kind": "conversion", **_BOOK, "site": SITE, "group": "cobalt sulphate", **_RECYCLED,
        "into": {"group": "cathode"}, "process": "co-precipitation", "at": "2026-03-05", "massKg": "10",
        "evidence": {"ticket": "batch 12"},
    },
    "claim": {
        "id": "S-1", "kind": "claim", **_BOOK, "site": SITE, "group": "cathode", **_RECYCLED,
        "at": "2026-03-20", "massKg": "9.6", "evidence": {"ticket": "delivery 88"},
    },
    "correction": {
        "id": "S-1-undone", "kind": "correction", "reverses": "S-1", "at": "2026-03-21",
        "approver": "A. Example", "note": "the customer sent it back", "evidence": {"ticket": "return 5"},
    },
}  # fmt: skip


def example(name: str, site: str = "") -> dict[str, Any]:
    """One of them; `site`: in the place of the demonstration's."""
    found = EXAMPLES[name]
    return found | {"site": site} if site and "site" in found else found
