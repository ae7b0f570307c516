"""What happens to a pack after it leaves its maker: vehicles, fleets, a second life, recycling."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lodeline_server.demo.making import commission
from lodeline_server.demo.world import Line

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Lot
    from lodeline_server.demo.world import Party

SECOND_LIFE, RECYCLED = 2, 4  # which pack of the first car line, counted from 0
SMALL_SECOND_LIFE, SMALL_RECYCLED = 0, 1
CAR = "hv77"
# What the recycler gets back of one pack: product, substance, share of the substance.
RECOVERED = (
    ("cobalt-sulphate", "Co", 0.97),
    ("nickel-sulphate", "Ni", 0.97),
    ("lithium-hydroxide", "Li", 0.86),
)


def attach(network: Network) -> None:
    """Let the parties after the pack maker act on what they receive."""
    network.delivered.update(
        {"fjellvind": _car, "odral": _fleet, "velomar": _bicycle, "greyhaven": _again, "orenda": _recycle}
    )


def chosen(network: Network) -> tuple[str, str]:
    """Serial numbers of the pack with a second life and of the recycled one."""
    second, recycled = (SMALL_SECOND_LIFE, SMALL_RECYCLED) if network.world.small else (SECOND_LIFE, RECYCLED)
    product = network.world.products[CAR]
    return tuple(f"{product.serial}{product.first_serial + n:06d}" for n in (second, recycled))  # type: ignore[return-value]


def _car(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    vehicle = party.asset(f"FV{pack.code[-6:]}")
    rng = network.rng
    forced = pack.code in chosen(network)
    fitted = now + timedelta(hours=26 if forced else 26 * rng.randrange(1, 4))
    network.later(fitted, lambda when: _fit(network, party, vehicle, pack, when))
    fate = 0.0 if forced else rng.random()
    leaves = fitted + (
        timedelta(hours=30) if forced else timedelta(days=rng.randrange(3, 12), hours=rng.randrange(5))
    )
    if fate < 0.35:
        network.later(
            leaves, lambda when: network.send("fjellvind", "odral", [(pack, 1)], when, carrier=vehicle)
        )
    elif fate < 0.8:
        network.later(
            leaves,
            lambda when: network.record(
                party.slug,
                when,
                "ObjectEvent",
                "retail_selling",
                "retail_sold",
                action="OBSERVE",
                epcs=(vehicle,),
            ),
        )


def _fit(
    network: Network, party: Party, vehicle: str, pack: Lot, now: datetime, *, step: str = "installing"
) -> None:
    action = "ADD" if step == "installing" else "DELETE"
    network.record(
        party.slug, now, "AssociationEvent", step, "active", action=action, parent=vehicle, epcs=(pack.uri,)
    )


def _fleet(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    second, recycled = chosen(network)
    if pack.code not in (second, recycled):
        return
    vehicle = network.world.parties["fjellvind"].asset(f"FV{pack.code[-6:]}")
    small = network.world.small
    days = (9 if small else 255) if pack.code == second else (11 if small else 190)
    out = now + timedelta(days=days, hours=3)
    goes_to = "greyhaven" if pack.code == second else "orenda"
    network.later(out, lambda when: _fit(network, party, vehicle, pack, when, step="removing"))
    network.later(
        out + timedelta(hours=20), lambda when: network.send(party.slug, goes_to, [(pack, 1)], when)
    )


def _bicycle(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    if network.rng.random() < 0.6:
        network.later(
            now + timedelta(days=network.rng.randrange(4, 20)),
            lambda when: network.record(
                party.slug,
                when,
                "ObjectEvent",
                "retail_selling",
                "retail_sold",
                action="OBSERVE",
                epcs=(pack.uri,),
            ),
        )


def _again(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    """A storage battery out of a car's pack: same cells, new control unit, new identity."""
    network.later(
        now + timedelta(days=2 if network.world.small else 12),
        lambda when: _rebuild(network, party, pack, when),
    )


def _rebuild(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    product = network.world.products["gs70"]
    line = Line(party=party.slug, product="gs70", lots=0, size=0, to=("lumengrid",))
    ppm = {substance: share * pack.unit // (product.grams or 1) for substance, share in pack.ppm.items()}
    item = network.new_lot(line, product, 1, ppm, now)
    network.record(
        party.slug, now, "TransformationEvent", "assembling", "active", described=item,
        input_epcs=(pack.uri,), output_epcs=(item.uri,), custody="identity_preserved",
    )  # fmt: skip
    if "lumengrid" in network.world.parties:
        network.later(
            now + timedelta(days=9), lambda when: network.send(party.slug, "lumengrid", [(item, 1)], when)
        )


def _recycle(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    network.later(
        now + timedelta(days=1 if network.world.small else 6),
        lambda when: _recover(network, party, pack, when),
    )


def _recover(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    """The pack ends; its cobalt, nickel and lithium start again as lots of the recycler."""
    network.record(
        party.slug, now, "ObjectEvent", "destroying", "destroyed", action="DELETE", epcs=(pack.uri,)
    )
    network.later(now + timedelta(hours=30), lambda when: _regain(network, party, pack, when))


def _regain(network: Network, party: Party, pack: Lot, now: datetime) -> None:
    goods = []
    for number, (slug, substance, share) in enumerate(RECOVERED):
        product = network.world.products[slug]
        line = Line(
            party=party.slug,
            product=slug,
            lots=0,
            size=0,
            to=("sunde",),
            prefix=f"O{substance[0]}-R",
            recycled="post-consumer waste",
        )
        grams = int(pack.micrograms(substance) * share / product.ppm[substance])
        when = now + timedelta(minutes=20 * number)
        goods.append((commission(network, line, product, grams, when, recovered_from=pack.uri), grams))
    network.later(now + timedelta(hours=20), lambda when: network.send(party.slug, "sunde", goods, when))
