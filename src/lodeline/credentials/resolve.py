"""DID URL to DID document, at the time of a signature.

The caller brings `fetch(url, most) -> bytes` (a guarded client: https, no private addresses, few redirects, at most
`most` bytes, a time limit; it raises `OSError`, `LookupError` or `ValueError`), `now() -> datetime`, and
`own(did, moment) -> document or None` for the DIDs it keeps itself. That document should list retired keys too, with
`revoked` or `expires`: a document of then does not know what was found out later. `own_log(did) -> bytes or None` is
the log of a did:webvh it keeps itself: it is looked at each time, and verified as that of anybody.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve

from lodeline import strictjson
from lodeline.credentials import dates, did, did_key, did_web, did_webvh
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lodeline.credentials.did import DidUrl, Document
    from lodeline.credentials.did_webvh import History
    from lodeline.strictjson import JSON

    Fetch: TypeAlias = Callable[[str, int], bytes]
    Own: TypeAlias = Callable[[str, datetime | None], JSON | None]
    OwnLog: TypeAlias = Callable[[str], bytes | None]

MAX_DOCUMENT: Final = 256 * 1024
MAX_LOG: Final = 4 * 1024 * 1024
KEPT: Final = 1024
FRESH: Final = timedelta(minutes=5)
"""How long a found document is used again; a did:webvh with a shorter `ttl` less long."""
FAILED: Final = timedelta(seconds=30)
"""How long nobody asks again for what could not be had."""


class Resolver:
    """`resolver(url, signed_at)` is the document with the keys of then. Raises `CredentialRefused("key", ...)`.

    A did:web has no history of its own: its document of today says when a key was revoked or expired. A did:webvh is
    read at the version of `signed_at`, or at the `versionId`, `versionTime` or `versionNumber` that the URL names.
    """

    def __init__(
        self,
        fetch: Fetch,
        now: Callable[[], datetime],
        own: Own | None = None,
        own_log: OwnLog | None = None,
    ) -> None:
        self._fetch, self._now, self._own, self._own_log = fetch, now, own, own_log
        self._kept: OrderedDict[str, tuple[datetime, Document | History | CredentialRefused]] = OrderedDict()
        self._verified: OrderedDict[tuple[str, bytes], History] = OrderedDict()
        self._lock = Lock()

    def __call__(self, text: str, signed_at: datetime | None = None) -> Document:
        url = did.parse(text)
        if url.method == "key":
            return did_key.document(url.did)
        if self._own is not None and (raw := self._own(url.did, signed_at)) is not None:
            return did.read(raw, url.did)
        found = self._of_own_log(url) or self._known(url)
        if isinstance(found, did.Document):
            return found
        version = _version(found, url, signed_at)
        if version.state["id"] != url.did:
            raise CredentialRefused(
                "key", f"{url.did} was called {version.state['id']} in version {version.number}"
            )
        return _ended(did.read(version.state, url.did, version.id), found)

    def _of_own_log(self, url: DidUrl) -> History | None:
        """Our own log, verified once for the bytes it has now."""
        log = self._own_log(url.did) if self._own_log is not None and url.method == "webvh" else None
        if log is None:
            return None
        place = url.did, sha256(log).digest()
        with self._lock:
            found = self._verified.get(place)
        if found is None:
            found = did_webvh.verify(log, url.did, self._now())
            with self._lock:
                self._verified[place] = found
                while len(self._verified) > KEPT:
                    self._verified.popitem(last=False)
        return found

    def forget(self, identifier: str) -> None:
        """Ask anew next time."""
        with self._lock:
            self._kept.pop(identifier, None)

    def _known(self, url: DidUrl) -> Document | History:
        now = self._now()
        with self._lock:
            until, found = self._kept.get(url.did, (now, None))
        if found is None or until <= now:
            until, found = self._look(url, now)
            with self._lock:
                self._kept[url.did] = until, found
                self._kept.move_to_end(url.did)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        if isinstance(found, CredentialRefused):
            raise CredentialRefused(found.step, found.message)
        return found

    def _look(self, url: DidUrl, now: datetime) -> tuple[datetime, Document | History | CredentialRefused]:
        try:
            found = self._find(url, now)
        except CredentialRefused as error:
            return now + FAILED, error
        fresh = FRESH if isinstance(found, did.Document) else timedelta(seconds=found.parameters.ttl)
        return now + min(FRESH, fresh), found

    def _find(self, url: DidUrl, now: datetime) -> Document | History:
        if url.method == "web":
            return did.read(_json(self._get(did_web.url(url.did), MAX_DOCUMENT), url.did), url.did)
        if url.method == "webvh":
            return self._history(url.did, now)
        raise CredentialRefused("key", f"DIDs of the method {url.method!r} are not known here")

    def _history(self, identifier: str, now: datetime) -> History:
        place = did_webvh.location(identifier)
        log = self._get(place + "did.jsonl", MAX_LOG)
        names_witnesses = b'"witnesses"' in log
        witnesses = self._get(place + "did-witness.json", MAX_LOG) if names_witnesses else None
        return did_webvh.verify(log, identifier, now, witnesses)

    def _get(self, url: str, most: int) -> bytes:
        try:
            data = self._fetch(url, most)
        except (OSError, LookupError, ValueError) as error:
            raise CredentialRefused("key", f"{url} cannot be had: {str(error)[:200]}") from None
        if len(data) > most:
            raise CredentialRefused("key", f"{url} has more than {most} bytes")
        return data


def resolver(
    fetch: Fetch, now: Callable[[], datetime], own: Own | None = None, own_log: OwnLog | None = None
) -> Resolver:
    """A resolver with its own cache; it may be used from several threads."""
    return Resolver(fetch, now, own, own_log)


def _version(history: History, url: DidUrl, signed_at: datetime | None) -> did_webvh.Version:
    query = url.query
    if "versionId" in query:
        return history.at(version=query["versionId"])
    if "versionTime" in query:
        return history.at(dates.read(query["versionTime"], "versionTime"))
    if "versionNumber" in query:
        number = query["versionNumber"]
        return history.at(number=int(number) if number.isdecimal() and len(number) < 9 else -1)
    return history.at(signed_at)


def _ended(document: Document, history: History) -> Document:
    """The document of then with what the latest one says about the ends of its keys: a key that is marked as revoked
    later was revoked at the time that is said there, whichever version the signature asks for.
    """
    listed = history.versions[-1].state.get("verificationMethod")
    methods = dict(document.methods)
    for item in listed if isinstance(listed, list) else []:
        name = item.get("id") if isinstance(item, dict) else None
        full = document.did + name if isinstance(name, str) and name.startswith("#") else name
        if full in methods:
            ends = {end: item[end] for end in ("revoked", "expires") if end in item}
            methods[full] = {**methods[full], **ends}
    return evolve(document, methods=methods)


def _json(data: bytes, identifier: str) -> JSON:
    try:
        return strictjson.loads(data, max_depth=32)
    except strictjson.StrictJSONError as error:
        raise CredentialRefused("key", f"the document of {identifier} cannot be read: {error}") from None
