"""A month of a small network in which everything fits within what scales show, and thirty faults to plant in it.

Twelve mines send ore to six refineries, these send salt to three cathode plants, whose packs are scanned in garages.
Stocks are counted on the first day and on the fortieth. Weighings are off by up to 0.15 %, assays by up to 1.5 times
their standard uncertainty.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from attrs import define, evolve, field, frozen

from lodeline.lots import record as words
from lodeline.lots.lookalike import Assay, Held
from lodeline.lots.record import Moved, Record, Spot

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOW = START + timedelta(days=90)
TONNE = 10**9
MINES, REFINERIES, PLANTS, LOTS, PACKS = 12, 6, 3, 4, 5
OFF = 0.0015
MARK = re.compile(r"\d+:\d+|site:\w+")
TOWNS = {
    "Gothenburg": (57.71, 11.97), "Hamburg": (53.55, 9.99), "Lyon": (45.76, 4.84), "Seoul": (37.57, 126.98),
}  # fmt: skip


@frozen(kw_only=True)
class Fault:
    """What was planted: the rule that has to find it, and the lot, site or number it has to name."""

    rule: str
    about: str
    cause: str = ""


@define
class Month:
    """Movements by name, assays, certificates."""

    rng: random.Random
    moved: dict[str, Moved] = field(factory=dict)
    sent: list[Assay] = field(factory=list)
    assays: list[Assay] = field(factory=list)
    held: list[Held] = field(factory=list)
    items: set[str] = field(factory=set)
    materials: dict[str, str] = field(factory=dict)

    def weighed(self, mass):
        return round(mass * (1 + self.rng.uniform(-OFF, OFF)))

    def put(self, event, key, act, day, **more):
        self.moved[f"{event} {key} {act}"] = Moved(
            event=f"urn:event:{event}", key=key, act=act, at=START + timedelta(days=day), **more
        )

    def change(self, name, **more):
        self.moved[name] = evolve(self.moved[name], **more)

    def record(self):
        return Record(
            moved=tuple(self.moved.values()),
            materials=self.materials,
            items=frozenset(self.items),
            spots={
                f"site:{town}": Spot(name=town, latitude=a, longitude=b) for town, (a, b) in TOWNS.items()
            },
            sent_assays=tuple(self.sent),
            assays=tuple(self.assays),
            certificates=tuple(self.held),
        )


def month(seed=1):
    """The month without a fault."""
    made = Month(random.Random(seed))
    stocks = {}
    for mine in range(MINES):
        made.held.append(
            Held(
                name=f"cert{mine}", scheme="mass", number=f"N{mine}", holder=f"mine{mine}",
                since=date(2026, 1, 1), until=date(2027, 1, 1),
            )
        )  # fmt: skip
        for number in range(LOTS):
            _lot(made, mine, number, stocks)
    for (site, material), change in sorted(stocks.items()):
        key = f"lot:stock:{material}:{site}"
        made.materials[key] = material
        opening = 40 * TONNE
        for name, day, mass in (("open", 0, opening), ("close", 40, opening + change)):
            made.put(
                f"{name}:{material}:{site}", key, words.SEEN, day, amount=made.weighed(mass),
                step="cycle_counting", site=f"site:{site}", by=site,
            )  # fmt: skip
    return made


def _lot(made, mine, number, stocks):
    """One lot of ore, the salt made of it, cathode made of 60 % of that, and packs."""
    name, day = f"{mine}:{number}", 1 + 6 * number + mine / 12
    refinery, plant = (
        f"refinery{(mine + number) % REFINERIES}",
        f"plant{(mine + number) % REFINERIES % PLANTS}",
    )
    ore, salt, cathode = f"lot:ore:{name}", f"lot:salt:{name}", f"lot:cathode:{name}"
    made.materials |= {ore: "ore", salt: "salt", cathode: "cathode"}
    mass = round(made.rng.uniform(8, 12) * TONNE)
    share = Fraction(round(made.rng.uniform(0.09, 0.11) * 10_000), 10_000)
    home = {"site": f"site:mine{mine}", "by": f"mine{mine}"}
    made.put(f"mined:{name}", ore, words.MADE, day, amount=mass, content={"Co": share}, **home)
    _deliver(made, f"ore:{name}", ore, mass, day + 1, home, refinery)
    _assayed(made, name, ore, share, f"mine{mine}", refinery)
    out = mass // 2
    there = {"site": f"site:{refinery}", "by": refinery, "group": f"refine:{name}"}
    made.put(f"refined:{name}", ore, words.USED, day + 6, amount=made.weighed(mass), **there)
    content = {"Co": share * 2 * Fraction(97, 100)}
    made.put(f"refined:{name}", salt, words.MADE, day + 6, amount=made.weighed(out), content=content, **there)
    _deliver(made, f"salt:{name}", salt, out, day + 7, there | {"group": ""}, plant)
    used = out * 6 // 10
    here = {"site": f"site:{plant}", "by": plant, "group": f"cathode:{name}"}
    made.put(f"cathode:{name}", salt, words.USED, day + 12, amount=made.weighed(used), **here)
    made.put(
        f"cathode:{name}", cathode, words.MADE, day + 12, amount=made.weighed(used), content=content, **here
    )
    stocks[refinery, "ore"] = stocks.get((refinery, "ore"), 0)
    stocks[refinery, "salt"] = stocks.get((refinery, "salt"), 0)
    stocks[plant, "salt"] = stocks.get((plant, "salt"), 0) + out - used
    for pack in range(PACKS):
        serial = f"item:{name}:{pack}"
        made.items.add(serial)
        made.put(f"scan:{name}:{pack}", serial, words.SEEN, day + 40, site="site:Hamburg", by="fleet")
        made.put(f"again:{name}:{pack}", serial, words.SEEN, day + 41, site="site:Gothenburg", by="fleet")


def _deliver(made, name, key, mass, day, sender, receiver):
    made.put(f"sent:{name}", key, words.SHIPPED, day, amount=made.weighed(mass), party=receiver, **sender)
    made.put(
        f"came:{name}", key, words.RECEIVED, day + 3, amount=made.weighed(mass), party=receiver, by=receiver,
        site=f"site:{receiver}",
    )  # fmt: skip


def _assayed(made, name, ore, share, sender, receiver):
    value = Decimal(share.numerator) / Decimal(share.denominator)
    sigma = Decimal("0.001")
    made.sent.append(
        Assay(
            event=f"urn:event:mined:{name}", lot=ore, substance="Co", value=value, sigma=sigma, party=sender
        )
    )
    off = Decimal(round(made.rng.uniform(-1.5, 1.5) * 1000)) / 1_000_000
    made.assays.append(
        Assay(
            event=f"urn:assay:{name}",
            lot=ore,
            substance="Co",
            value=value + off,
            sigma=sigma,
            party=receiver,
            at=NOW,
        )
    )


def plant(made):
    """Thirty faults, each on something of its own."""
    names = [f"{mine}:{number}" for mine in range(MINES) for number in range(LOTS)]
    made.rng.shuffle(names)
    faults = []

    def of(rule, cause=""):
        name = names.pop()
        faults.append(Fault(rule=rule, about=f"lot:ore:{name}", cause=cause))
        return name, f"sent:ore:{name} lot:ore:{name} shipped", f"came:ore:{name} lot:ore:{name} received"

    def again(name, old, **more):
        made.moved[name] = evolve(made.moved[old], event=f"urn:event:{name}", **more)

    for _ in range(3):
        del made.moved[of("RC-MISSING", "missing-receipt")[2]]
    for _ in range(2):
        del made.moved[of("RC-UNSENT", "missing-event")[1]]
    for _ in range(2):
        name, _sent, came = of("RC-DOUBLED", "double-use")
        again(f"double:{name}", came, at=made.moved[came].at + timedelta(minutes=40))
    for _ in range(2):
        name, _sent, came = of("RC-TWICE", "double-use")
        again(f"twice:{name}", came)
    for factor, cause in ((1000, "unit-error"), (0.453592, "unit-error"), (0.97, "wrong-factor")):
        _name, _sent, came = of("RC-WEIGHT", cause)
        made.change(came, amount=round(made.moved[came].amount * factor))
    for _ in range(2):
        _name, sent, came = of("RC-TIME", "time-shift")
        made.change(came, at=made.moved[sent].at - timedelta(hours=20))
    for _ in range(2):
        name, _sent, _came = of("RC-BEFORE", "time-shift")
        made.change(f"mined:{name} lot:ore:{name} made", at=START + timedelta(days=39))
    for _ in range(2):
        name, _sent, _came = of("RC-YIELD")
        faults[-1] = Fault(rule="RC-YIELD", about=f"lot:salt:{name}", cause="wrong-factor")
        row = f"refined:{name} lot:salt:{name} made"
        made.change(row, content={"Co": made.moved[row].content["Co"] * Fraction(106, 100)})
    for _ in range(2):
        name, sent, came = of("RC-OUT", "double-use")
        for row in (sent, came):
            made.change(row, amount=made.moved[row].amount * 103 // 100)
    for _ in range(2):
        name, _sent, _came = of("RC-NOWHERE", "missing-event")
        made.put(
            f"nowhere:{name}",
            f"lot:ore:{name}",
            words.USED,
            20,
            amount=TONNE,
            site="site:trader",
            by="trader",
        )
    _counts(made, faults)
    for _ in range(2):
        name, _sent, _came = of("RC-ASSAY", "substituted")
        place = next(n for n, one in enumerate(made.assays) if one.event == f"urn:assay:{name}")
        made.assays[place] = evolve(made.assays[place], value=made.assays[place].value * Decimal("0.9"))
    for _ in range(2):
        name = names.pop()
        serial = f"item:{name}:0"
        faults.append(Fault(rule="RC-CLONE", about=serial, cause="copied"))
        old = made.moved[f"scan:{name}:0 {serial} seen"]
        again(
            f"clone:{name}", f"scan:{name}:0 {serial} seen", at=old.at + timedelta(hours=5), site="site:Seoul"
        )
    made.held.append(evolve(made.held[3], name="copied", holder="trader"))
    faults.append(Fault(rule="RC-CERTIFICATE", about="mass N3", cause="copied"))
    return faults


def _counts(made, faults):
    """Three stocks that do not fit the books."""
    for site, material in (("refinery0", "salt"), ("plant1", "salt")):
        row = f"close:{material}:{site} lot:stock:{material}:{site} seen"
        made.change(row, amount=made.moved[row].amount * 92 // 100)
        faults.append(Fault(rule="RC-STOCK", about=f"site:{site}"))
    made.put(
        "burnt", "lot:stock:salt:refinery5", words.ENDED, 30, amount=900 * TONNE, site="site:refinery5",
        by="refinery5",
    )  # fmt: skip
    faults.append(Fault(rule="RC-OVERDRAWN", about="site:refinery5"))


def judged(found, faults):
    """Faults that were not found, findings that follow from a planted fault, and findings out of nothing.

    A finding follows when the lot, an event or the site it names is that of a planted fault.
    """
    hits = {(one.rule, about) for one in found for about in _abouts(one)}
    missed = [fault for fault in faults if (fault.rule, fault.about) not in hits]
    planted = {(fault.rule, fault.about) for fault in faults}
    marks = {mark for fault in faults for mark in MARK.findall(fault.about)}
    rest = [one for one in found if not planted & {(one.rule, about) for about in _abouts(one)}]
    follow = [
        one for one in rest if marks & set(MARK.findall(" ".join((*one.here, *one.there, one.lot, one.site))))
    ]
    return missed, follow, [one for one in rest if one not in follow]


def _abouts(one):
    return (one.lot, one.site, one.subject)
