"""A cathode plant's mass-balance book of recycled cobalt: what a recycler sent is converted and claimed on shipments.

Nearly all of it is claimed, and one receipt rests on a lot whose origin nobody can trace: the page says so.
Each step looks first whether it is done, so that a load that was killed goes on where it stopped.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lodeline.access import platform
from lodeline.lots.schemes import Group
from lodeline_server.evidence import queries as evidence
from lodeline_server.lots.custody import actions, physical
from lodeline_server.lots.custody.models import CustodyClosing, CustodyEntry, CustodyScheme
from lodeline_server.lots.custody.reading import kilograms
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline_server.demo.world import World
    from lodeline_server.lots.custody.physical import Moved
    from lodeline_server.parties.models import Workspace

SCHEME: Final = "Demonstration loop"
SALT, CATHODE, YIELD = "cobalt sulphate", "cathode material", "0.97"
PROCESS: Final = "co-precipitation and calcination"
RECYCLED: Final = "recycled:post-consumer"
CLAIMED: Final = (60, 36)  # per cent of the credits of the last receipt, on two shipments; the others wholly
DAY: Final = timedelta(days=1)
DOUBTFUL: Final = 2_000_000  # mg, booked on a lot of unknown origin


def tell(world: World, workspace: Workspace, now: datetime) -> None:
    """The rules, the entries, the first period closed."""
    plant = evidence.sites(workspace.pk).filter(party=world.parties["sunde"].uri).order_by("uri").first()
    if plant is None:
        return
    found = physical.moved(workspace.pk, [plant.uri])
    actor = platform(workspace.pk)
    if not CustodyScheme.objects.filter(workspace=workspace).exists():
        products = {one.product for one in found if one.product.startswith(CATHODE)}
        actions.set_scheme(actor=actor, raw=_rules(world, sorted(products)), now=now)
    if not CustodyEntry.objects.filter(workspace=workspace).exists():
        entries = _entries(workspace.pk, plant.uri, [one for one in found if one.at + DAY < now])
        if entries:
            actions.book(actor=actor, raw=entries, now=now)
    first = CustodyEntry.objects.filter(workspace=workspace).select_related("book").first()
    if first and not CustodyClosing.objects.filter(workspace=workspace).exists():
        month = first.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if (month + timedelta(days=31)).replace(day=1) <= now:
            actions.close(actor=actor, ref=first.book.ref, day=month, now=now, accept=True)


def _rules(world: World, products: list[str]) -> dict[str, Any]:
    return {
        "scheme": SCHEME,
        "version": "1",
        "periods": {"start": f"{world.month(0):%Y-%m}-01", "months": 1, "count": 120},
        "longestDays": 31,
        "closeDays": 1100,
        "groups": [
            {"group": SALT, "substance": "Co", "products": [SALT]},
            {"group": CATHODE, "substance": "Co", "products": products},
        ],
        "factors": [
            {
                "from": SALT, "to": CATHODE, "process": PROCESS, "factor": YIELD,
                "evidence": "mass flow study of the demonstration",
            }
        ],
    }  # fmt: skip


def _entries(workspace: int, site: str, found: Sequence[Moved]) -> list[dict[str, Any]]:
    """What was received as recycled, converted a day later and claimed on the next shipments.

    The last receipt is claimed in two parts; another one rests on a lot that nothing bears out.
    """
    group = Group(name=SALT, substance="Co", products=frozenset({SALT}))
    book = {"scheme": SCHEME, "model": "mass-balance", "site": site, "characteristics": [RECYCLED]}
    shipped = {one.event: one.at for one in found if one.act == Touch.SHIPPED}
    received, doubtful = [], None
    for one in found:
        if one.act != Touch.RECEIVED or not one.fits(group):
            continue
        low, high = physical.carried(workspace, [one], group, RECYCLED) or (0, 0)
        if low and low * 100 >= high * 99:
            received.append((one, low))
        elif received and not low and high > DOUBTFUL:
            doubtful = one
    entries = []
    for number, (one, mass) in enumerate(received, 1):
        entries.append(_receipt(book, f"SUN-R{number}", one, mass))
        turned = one.at + DAY
        entries.append(
            book
            | {
                "id": f"SUN-C{number}", "kind": "conversion", "group": SALT, "into": {"group": CATHODE},
                "at": turned.isoformat(), "process": PROCESS, "massKg": kilograms(mass),
                "evidence": {"ticket": f"batch record {number:04d}"},
            }
        )  # fmt: skip
        parts = CLAIMED if number == len(received) else (100,)
        sent = [(event, at) for event, at in shipped.items() if at > turned]
        for part, (share, (event, at)) in enumerate(zip(parts, sent, strict=False), 1):
            entries.append(
                book
                | {
                    "id": f"SUN-S{number}.{part}", "kind": "claim", "group": CATHODE, "at": at.isoformat(),
                    "massKg": kilograms(mass * 97 // 100 * share // 100), "evidence": {"event": event},
                }
            )  # fmt: skip
    if doubtful is not None:
        entries.append(_receipt(book, "SUN-R0", doubtful, DOUBTFUL))
    return entries


def _receipt(book: dict[str, Any], name: str, lot: Moved, mass: int) -> dict[str, Any]:
    at = lot.at + timedelta(hours=2)
    return book | {
        "id": name, "kind": "receipt", "group": SALT, "at": at.isoformat(), "received": lot.at.isoformat(),
        "massKg": kilograms(mass), "source": sha256(f"{name} {lot.key}".encode()).hexdigest(),
        "evidence": {"event": lot.event, "ticket": f"W-{name}"},
    }  # fmt: skip
