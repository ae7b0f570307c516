"""Who can sign in to the demonstration, and which demonstration is loaded. Light to import: reading only."""

from __future__ import annotations

from datetime import UTC, date

from attrs import frozen

from lodeline.access import Role
from lodeline_server.demo.world import MONTHS, SMALL_MONTHS, shift
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import Workspace

SLUG = "demo"
NAMES = {False: "Demonstration", True: "Demonstration, small"}
# One sign-in for each role. The password opens nothing but invented data; a public installation is refused.
PASSWORD = "lode to the last cycle"  # noqa: S105
PEOPLE: tuple[tuple[Role, str, str], ...] = (
    (Role.BUYER, "fjellvind", "Ingrid Kvam"),
    (Role.SUPPLIER, "vellamo", "Aino Salmela"),
    (Role.MAKER, "norrsund", "Elin Bergfalk"),
    (Role.QUALITY, "norrsund", "Tove Lindahl"),
    (Role.AUDITOR, "nordmark", "Jonas Ekdal"),
    (Role.REGULATOR, "authority", "Maja Hedlund"),
    (Role.RECYCLER, "orenda", "Piotr Zawada"),
    (Role.FINANCIER, "harbour", "Femke Aarts"),
    (Role.OPERATOR, "lodeline", "Sam Okoro"),
)


@frozen(kw_only=True)
class Loaded:
    """Which world is in the data folder."""

    workspace: Workspace
    anchor: date
    small: bool


def email(role: Role) -> str:
    return f"{role.value}@{SLUG}.example"


def sign_ins() -> list[str]:
    """The demonstration's sign-ins, as lines to print."""
    width = max(len(email(role)) for role, _, _ in PEOPLE)
    people = [f"  {email(role):<{width}}  {name}, {role.value}" for role, _, name in PEOPLE]
    return [f"Sign in with the password '{PASSWORD}' as", *people]


def loaded() -> Loaded | None:
    """The demonstration in this data folder, if there is one. Its size and anchor stay what they were."""
    workspace = Workspace.objects.filter(slug=SLUG).first()
    if workspace is None:
        return None
    if not workspace.demonstration:
        raise Problem(409, f"The workspace '{SLUG}' is not a demonstration; it is left alone")
    small = workspace.name == NAMES[True]
    start = workspace.created_at.astimezone(UTC).date()
    return Loaded(workspace=workspace, anchor=shift(start, SMALL_MONTHS if small else MONTHS), small=small)
