"""What makers state about their batteries: the model once, each battery when it is made, and its later states."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lodeline_server.demo.afterlife import chosen
from lodeline_server.demo.desk import SELF
from lodeline_server.demo.documents import stamp
from lodeline_server.demo.world import ID, shift

if TYPE_CHECKING:
    from lodeline_server.demo.desk import Desk
    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Lot

# Values at placing on the market: points of the guidance by category, on top of serial and month.
NEW = {
    "EV": {"51": ("220", "Ah"), "61": ("100.0", "%"), "59": ("1500", "cycles"), "60": ("15", "a")},
    "LMT": {"51": ("19.4", "Ah"), "62": ("100.0", "%"), "59": ("800", "cycles"), "60": ("8", "a")},
    "industrial": {"51": ("218", "Ah"), "62": ("100.0", "%"), "59": ("4000", "cycles"), "60": ("20", "a")},
    "second": {"51": ("190", "Ah"), "62": ("86.4", "%"), "59": ("2000", "cycles"), "60": ("10", "a")},
}


@cache
def models() -> dict[str, Any]:
    return tomllib.loads((files("lodeline_server.demo") / "data" / "models.toml").read_text())


def model_statements(desk: Desk) -> None:
    world = desk.world
    for slug, row in models().items():
        maker = world.parties.get(row["party"])
        if maker is None:
            continue
        gtin = maker.gtin(world.products[slug].ref)
        desk.say(
            maker,
            world.month(0) + timedelta(days=2),
            "battery.model",
            f"{ID}/01/{gtin}",
            {"gtin": gtin, "category": row["category"], "points": row["points"]},
            assurance=SELF,
            on_paper=True,
        )


def item_statements(desk: Desk, network: Network) -> None:
    """One statement per battery, a few days after it was made; the waste pack's last one by the recycler."""
    world = desk.world
    second, recycled = chosen(network)
    by_code = {pack.code: pack for pack in network.packs}
    for pack in network.packs:
        maker = world.parties[pack.party]
        content = _content(pack)
        if pack.product.slug == "gs70" and second in by_code:
            content |= {"status": "repurposed", "derivedFrom": [by_code[second].uri]}
            content["points"]["67"] = "repurposed"
        # Makers state their batteries on the 8th and 18th, and on the last day of the story.
        made = pack.made.date()
        day = next(
            d for d in (made.replace(day=8), made.replace(day=18), shift(made, 1).replace(day=8)) if d > made
        )
        day = min(day, world.anchor - timedelta(days=1))
        desk.say(maker, day, "battery.item", pack.uri, content, assurance=SELF, on_paper=True)
    for happening in network.happenings:
        if happening.step == "destroying":
            content = _content(by_code[recycled]) | {"status": "waste"}
            content["points"] = {"67": "waste"}
            day = min(happening.at.date() + timedelta(days=1), world.anchor - timedelta(days=1))
            subject = happening.epcs[0]
            desk.say(world.parties[happening.party], day, "battery.item", subject, content, on_paper=True)


def _content(pack: Lot) -> dict[str, Any]:
    slug = pack.product.slug
    category = models()[slug]["category"]
    when = stamp(pack.made)
    values = NEW["second" if slug == "gs70" else category]
    points: dict[str, Any] = {
        "7": f"{pack.product.name}, serial {pack.code}",
        "9": f"{pack.made:%Y-%m}",
        "67": "original",
    }
    points |= {
        number: {"value": value, "unit": unit, "measuredAt": when} for number, (value, unit) in values.items()
    }
    return {"points": points, "status": "original"}
