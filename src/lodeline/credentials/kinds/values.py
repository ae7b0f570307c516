"""What is to be said, before any vocabulary: plain values, checked for what no vocabulary could carry.

Identifiers are absolute IRIs. Quantities are exact decimals with a UN/ECE Recommendation 20 code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal

    from lodeline.strictjson import JSON


@frozen(kw_only=True)
class Scheme:
    """Whose numbers these are."""

    id: str
    name: str


@frozen(kw_only=True)
class Party:
    """`number`: its registered number within `scheme`, if it has one."""

    id: str
    name: str
    number: str = ""
    scheme: Scheme | None = None


@frozen(kw_only=True)
class Place:
    """A facility, by its identifier."""

    id: str
    name: str


@frozen(kw_only=True)
class Thing:
    """A product as events and passports speak of it. `granularity`: model, batch or item."""

    id: str
    name: str
    granularity: str = "batch"
    scheme: Scheme | None = None
    model: str = ""
    batch: str = ""
    item: str = ""


@frozen(kw_only=True)
class Amount:
    """Some of a thing. `quantity` None: the item itself."""

    thing: Thing
    quantity: Decimal | None = None
    unit: str = ""


@frozen(kw_only=True)
class Identity:
    """That a DID belongs to who is registered under a number: a Digital Identity Anchor."""

    kind: ClassVar[str] = "identity"

    did: str
    name: str
    number: str
    since: date
    scheme: Scheme
    registrar: Party
    register: str = "business"
    scopes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"Identity of {self.name}"


@frozen(kw_only=True)
class Facility:
    """A site with who runs it: a Digital Facility Record. `latitude`, `longitude`: WGS 84 degrees."""

    kind: ClassVar[str] = "facility"

    id: str
    name: str
    number: str
    scheme: Scheme
    operator: Party
    country: str
    processes: tuple[str, ...] = ()
    latitude: Decimal | None = None
    longitude: Decimal | None = None

    @property
    def title(self) -> str:
        return f"Facility {self.name}"


@frozen(kw_only=True)
class Event:
    """One event of the supply chain. `act`: make (from inputs), move (from place to place) or modify (at a place)."""

    act: str
    id: str
    name: str
    time: datetime
    activity: str
    inputs: tuple[Amount, ...] = ()
    outputs: tuple[Amount, ...] = ()
    place: Place | None = None
    to: Place | None = None
    parties: tuple[tuple[str, Party], ...] = ()


@frozen(kw_only=True)
class Events:
    """What happened to a lot or an item: a Digital Traceability Event."""

    kind: ClassVar[str] = "events"

    about: str
    name: str
    events: tuple[Event, ...]

    @property
    def title(self) -> str:
        return f"Events of {self.name}"


@frozen(kw_only=True)
class Conformity:
    """A certificate: a Digital Conformity Credential. `digest`: SHA-256 of the certificate's document, hex."""

    kind: ClassVar[str] = "conformity"

    id: str
    name: str
    scheme: Scheme
    holder: Party
    decided: date
    conforms: bool
    assessor: str = "unspecified"
    assessment: str = "no-endorsement"
    attestation: str = "certification"
    places: tuple[Place, ...] = ()
    things: tuple[Thing, ...] = ()
    accreditation: str = ""
    digest: str = ""

    @property
    def title(self) -> str:
        return self.name


@frozen(kw_only=True)
class Passport:
    """A battery's passport: a Digital Product Passport. `elements`: the data points, each with its value and source."""

    kind: ClassVar[str] = "passport"

    thing: Thing
    maker: Party
    place: Place | None = None
    country: str = ""
    made: date | None = None
    elements: Mapping[str, JSON] = field(factory=dict)

    @property
    def title(self) -> str:
        return f"Battery passport of {self.thing.name}"


@frozen(kw_only=True)
class Membership:
    """That somebody may act for an organisation in a role. UNTP has no word for it; these are ours."""

    kind: ClassVar[str] = "membership"

    did: str
    name: str
    organisation: Party
    role: str
    since: date

    @property
    def title(self) -> str:
        return f"{self.name}, {self.role} of {self.organisation.name}"


Values = Identity | Facility | Events | Conformity | Passport | Membership
