"""Where issuers, batteries and status lists are found: DIDs and addresses from the installation's public address.

did:web and status lists are https by definition, so both are written with https even where a trial runs on http. A
number in place of a host name cannot stand in a DID; a loopback address is called localhost there. `home` is what
follows the method in our DIDs: host, port and path.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import frozen
from django.conf import settings

from lodeline.credentials import did_web
from lodeline.credentials.verdict import CredentialRefused

LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
DID_PATH: Final = "/orgs/{}/did.json"
LOG_PATH: Final = "/orgs/{}/did.jsonl"
BATTERY_PATH: Final = "/batteries/{}/{}/did.json"
LIST_PATH: Final = "/credentials/status/{}"
_OURS: Final = re.compile(
    r"did:web(?:vh:(?P<scid>[1-9A-HJ-NP-Za-km-z]{46}))?:(?P<home>[^\s]+?):"
    r"(?:orgs:(?P<name>[A-Za-z0-9_-]+)|batteries:(?P<gtin>[0-9]{14}):(?P<serial>[A-Za-z0-9_-]+))"
)
_PLAIN: Final = re.compile(r"[^A-Za-z0-9-]")


@frozen(kw_only=True)
class Ours:
    """A DID in the form of ours: of an issuer (`name`), of its history (`scid` too), or of a battery."""

    home: str
    name: str = ""
    scid: str = ""
    gtin: str = ""
    serial: str = ""


def home(url: str | None = None) -> str:
    """Host, port and path of an address as they stand in a DID; without one, of this installation's.

    Empty where the installation is reached by a number: it has no DIDs then. `ValueError` for an `url` like that.
    """
    public = urlsplit(settings.PUBLIC_URL if url is None else url)
    host = public.hostname or "localhost"
    path = [part for part in public.path.split("/") if part]
    try:
        made = did_web.did("localhost" if host in LOOPBACK else host, path, public.port)
    except ValueError:
        if url is None:
            return ""
        raise
    return made.removeprefix("did:web:")


def on_trial(at: str) -> bool:
    """Whether a home is for one machine alone."""
    return unquote(at.split(":", maxsplit=1)[0]).partition(":")[0] == "localhost"


def start(at: str | None = None) -> str:
    """`https://host[:port][/path]` of a home."""
    return "https://" + "/".join(map(unquote, (home() if at is None else at).split(":")))


def did_of(name: str, at: str | None = None) -> str:
    """The did:web of the issuer of that name, at this home or at one of before."""
    return f"did:web:{home() if at is None else at}:orgs:{name}"


def history_of(name: str, scid: str, at: str | None = None) -> str:
    """Its did:webvh."""
    return f"did:webvh:{scid}:{home() if at is None else at}:orgs:{name}"


def battery_of(gtin: str, serial_part: str, at: str | None = None) -> str:
    """The did:web of a battery."""
    return f"did:web:{home() if at is None else at}:batteries:{gtin}:{serial_part}"


def serial_part(serial: str) -> str:
    """A serial number as part of a DID and of a path: letters, digits and hyphens as they are, others as `_2F`."""
    return _PLAIN.sub(lambda sign: "".join(f"_{byte:02X}" for byte in sign[0].encode()), serial)


def read(did: str) -> Ours | None:
    """The parts of a DID in the form of ours, whatever its home; None for others."""
    found = _OURS.fullmatch(did) if len(did) <= 1000 else None
    return Ours(**{part: text for part, text in found.groupdict().items() if text}) if found else None


def name_of(did: str) -> str | None:
    """The inverse of `did_of` for the present home; None for DIDs of others."""
    found = read(did)
    return found.name if found and found.name and did == did_of(found.name) else None


def list_url(name: str) -> str:
    """What stands in credentials as the address of a status list."""
    return (
        f"https://{urlsplit(settings.PUBLIC_URL)._replace(scheme='').geturl().lstrip('/')}"
        + LIST_PATH.format(name)
    )


def list_name(url: str) -> str | None:
    """The inverse of `list_url`; None for lists of others."""
    before = list_url("")
    return url.removeprefix(before) if url.startswith(before) else None


def list_place(url: str) -> tuple[str, str]:
    """(home, name) of what has the form of a list of ours, wherever it is; two empty texts for others."""
    before, there, name = url.partition(LIST_PATH.format(""))
    try:
        return (home(before), name) if there and before.startswith("https://") else ("", "")
    except (ValueError, CredentialRefused):
        return "", ""


def on_loopback() -> bool:
    """Whether this installation is for this machine alone."""
    return urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK
