"""Nothing crosses a workspace's border: not by number, key, list, search, export, nor by what it changes.

Two workspaces are filled by the same public actions. Whoever asks in one of them with the right role finds
nothing of the other: 404, never 403, which would say that something is there.
"""

from __future__ import annotations

import re
from difflib import ndiff
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.db import transaction
from django.urls import reverse
from django.utils.html import escape

from lodeline.access import PERMISSIONS, Role
from lodeline_server.kit.problems import Problem

# Every kind of row that belongs to somebody: the words that name the sample, and where its owner reads them.
# Pages by name, operations by path.
KINDS = {
    "parties.Organisation": (lambda w: w.organisation.name, ["members", "keys"]),
    "parties.Membership": (lambda w: f"buyer@{w.word}.example", ["members"]),
    "parties.ApiKey": (lambda w: w.some_key.prefix, ["keys", "/api/keys"]),
    "events.SigningKey": (lambda w: f"{w.word}-documents", ["/api/signing-keys"]),
    "events.CaptureJob": (lambda w: str(w.captured.uuid), ["captures", "/api/captures", "/epcis/capture"]),
    "events.EventRecord": (lambda w: w.event, ["/epcis/events/{event_id}"]),
    "events.MasterData": (lambda w: f"{w.word} pit", ["/api/master-data"]),
    "events.NamedQuery": (
        lambda w: w.named_query.name,
        ["queries", "/epcis/queries", "/epcis/queries/{name}"],
    ),
    "events.Posting": (lambda w: w.keys.serial, ["/epcis/epcs", "/epcis/epcs/{value}/events"]),
    "events.SheetPreview": (lambda w: f"{w.word}-sheet.csv", ["/api/sheets/previews/{preview_id}"]),
    "events.Thing": (None, "what a document may refer to; asked at capture only"),
    "evidence.Fact": (lambda w: f"{w.word.title()}-1", ["schemes"]),
    "evidence.Party": (lambda w: f"{w.word.title()} Works", ["suppliers", "supplier"]),
    "evidence.Site": (lambda w: f"{w.word.title()} Mine", ["lot", "sites", "site"]),
    "evidence.Record": (None, "counts of a party's record; shown as part of a score"),
    "lots.Happening": (None, "events of the lot graph; shown as part of a trace"),
    "lots.Effect": (None, "edges of the lot graph; shown as part of a trace"),
    "lots.Touch": (None, "edges of the lot graph; shown as part of a trace"),
    "lots.Declared": (None, "error declarations; shown as part of a trace"),
    "lots.Lot": (
        lambda w: f"{w.word.upper()}-LOT",
        ["trace", "lot", "explore", "/api/lots", "/api/lots/trace", "/api/lots/graph"],
    ),
    "lots.Case": (
        lambda w: f"{w.word.upper()}-LOT",
        ["cases", "case", "/api/reconciliation/cases", "/api/reconciliation/cases/{case_id}"],
    ),
    "lots.CustodyScheme": (lambda w: f"{w.word} loop", ["custody", "/api/custody/schemes"]),
    "lots.CustodyBook": (
        lambda w: f"{w.word} credits",
        ["custody", "custody_book", "/api/custody/books", "/api/custody/books/{ref}"],
    ),
    "lots.CustodyEntry": (
        lambda w: w.custody.ref,
        ["custody_entry", "/api/custody/entries/{entry}"],
    ),
    "lots.CustodyRemark": (lambda w: f"{w.word} approver", ["custody_entry"]),
    "lots.CustodyClosing": (None, "shown on the page of its book"),
    "recalls.Recall": (lambda w: f"{w.word.upper()}-LOT", ["recalls", "recall", "/api/recalls"]),
    "recalls.Hit": (lambda w: w.keys.serial, ["recall", "recall_csv", "/api/recalls/{recall_id}"]),
    "recalls.Notice": (lambda w: w.keys.party, ["/api/recalls/{recall_id}/notices"]),
    "recalls.Settled": (None, "what became of things; counted on the page of the closing"),
    "recalls.Closure": (
        lambda w: f"Quality of {w.word}",
        ["recall_closing", "recall_closure_json", "/api/recalls/{recall_id}/closure"],
    ),
    "recalls.Drill": (
        lambda w: w.drill.ticket,
        ["drills", "drill", "/api/recalls/drills", "/api/recalls/drills/{drill_id}"],
    ),
    "trust.Score": (lambda w: f"{w.word.title()} Works", ["suppliers", "/api/suppliers"]),
    "passports.Passport": (lambda w: w.keys.serial, ["passports", "passport", "/api/passports"]),
    "passports.PassportCredential": (
        lambda w: w.signed_passport.credential.identifier,
        ["/api/passports/{passport_id}/credential"],
    ),
    "passports.ReadGrant": (None, "who may read a passport; asked when it is read"),
    "credentials.Issuer": (
        None,
        "DID documents and status lists are public; holders give out credentials",
    ),
    "credentials.TrustEdition": (
        lambda w: f"Laboratories of {w.word}",
        ["/api/trust-lists", "/api/trust-lists/{list_id}"],
    ),
    "credentials.Belief": (None, "shown with the trust list that is believed"),
    "credentials.Held": (lambda w: w.held.identifier, ["wallet_present", "/api/wallet/credentials"]),
    "log.Entry": (lambda w: w.keys.party, ["statement", "/api/log/statements/{position}"]),
    "log.AuditEntry": (lambda w: w.auditor, ["audit", "/api/audit"]),
    "log.AuditOutbox": (
        None,
        "lines on their way into the audit trail; shown nowhere before they have their place",
    ),
    "log.TenantKey": (None, "wrapped keys; never shown"),
    "log.SubjectKey": (None, "wrapped keys; never shown"),
}
# What is not a workspace's own: its number in an address opens the same for everybody.
# An identity's key goes by a name of its own organisation's: everybody's first is key-1.
# Hashes of the one log are for everybody, as its public tiles are: a proof says nothing of what it proves.
PROOFS = {"/api/log/proof/inclusion", "/api/log/proof/consistency"}
# Words of the standard are known everywhere, with or without events; whose events they list is looked at above.
WORDS = {
    f"/epcis/{name}/{{value}}{rest}"
    for name in ("eventTypes", "bizSteps", "dispositions")
    for rest in ("", "/events")
}
TEMPLATES = {f"/api/sheets/{{template}}{rest}" for rest in (".xlsx", ".csv", "/preview", "/capture")}
SHARED = {
    "method", "method_file", "identity_key_rotate", "identity_key_revoke", "passport_public", "job_again",
    "anchor_receipt", "/api/methods/{version}", "sheet_template", *TEMPLATES, *PROOFS, *WORDS,
}  # fmt: skip


def fill(world):
    """Make every sample object there is."""
    for made in (
        world.captured,
        world.sheet,
        world.sheet_of_machines,
        world.score,
        world.recall,
        world.case,
        world.custody,
        world.closed_recall,
        world.drill,
        world.passport,
        world.some_key,
        world.signing_key,
        world.held,
        world.question,
        world.signed_passport,
        world.trust_list,
        world.subscription,
    ):
        assert made
    for role in Role:
        world.person(role)
    assert world.line is not None
    return world


@pytest.fixture
def filled(worlds):
    return tuple(map(fill, worlds))


def pages():
    from django.urls import URLResolver, get_resolver

    def walk(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif hasattr(pattern.callback, "permission"):
                yield pattern.name, pattern.callback.permission

    return dict(walk(get_resolver().url_patterns))


def operations():
    from lodeline_server.config.api import api

    return {
        (method, re.sub(r"{[^}:]+:", "{", f"{bound.prefix}{path}")): operation.view_func.permission
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
        if hasattr(operation.view_func, "permission")
    }


def address(world, name):
    """(path, query) of a page by name or an operation by path, filled with this world's sample."""
    if name.startswith("/"):
        wanted = world.operations.get(name, dict)()
        query = wanted.pop("query", {})
        return name.format(**wanted), query
    return reverse(name, kwargs=world.pages[name]() if name in world.pages else None), {}


def spared(method):
    """What OPTIONS says of an address is said of all that may stand there: nothing is looked up."""
    return 204 if method == "OPTIONS" else 404


def holders(permission):
    return [role for role in Role if permission in PERMISSIONS[role]]


def body(answer):
    return b"".join(answer).decode(errors="replace")


def undone(client, method, path, query=None):
    with transaction.atomic():
        if method == "GET":
            answer = client.get(path, query)
        else:
            answer = client.generic(method, path, b"{}", content_type="application/json")
        if answer.status_code == 405:
            answer = client.post(path)
        transaction.set_rollback(True)
    return answer


def test_every_kind_of_row_is_named_here():
    """A model with an owner that is not in the table fails: say where it is read, or why nowhere."""
    owned = {
        model._meta.label
        for model in apps.get_models()
        if model.__module__.startswith("lodeline_server.")
        and {"workspace", "organisation", "recall"} & {field.name for field in model._meta.fields}
    }
    assert owned == KINDS.keys()


def test_its_owner_reads_it_and_nobody_else(filled):
    own, other = filled
    wrong = []
    for label, (mark, names) in KINDS.items():
        for name in names if mark else ():
            permission = operations()["GET", name] if name.startswith("/") else pages()[name]
            path, query = address(own, name)
            for role in holders(permission):
                client = own.machine(role) if name.startswith("/") else own.client(role)
                answer = client.get(path, query)
                seen = body(answer)
                wrong += (
                    [f"{label} at {name} as {role}: {answer.status_code}"]
                    if answer.status_code != 200
                    else []
                )
                wrong += [f"{label} at {name} as {role} shows {mark(other)}"] if mark(other) in seen else []
                if role is holders(permission)[0] and mark(own) not in seen:
                    wrong.append(f"{label} at {name} as {role} does not show {mark(own)}")
    assert not wrong, "\n".join(wrong)


def test_numbers_and_keys_of_another_workspace_open_nothing(filled):
    """Every address with a hole, filled with the other's object: 404 for every role that may open one's own."""
    own, other = filled
    wrong = []
    for name, permission in pages().items():
        if name in own.pages and name not in SHARED:
            path, _ = address(other, name)
            for role in holders(permission):
                code = undone(own.client(role), "GET", path).status_code
                wrong += [f"{name} as {role}: {code}"] if code != 404 else []
    for (method, path), permission in operations().items():
        if path in own.operations and path not in SHARED:
            target, query = address(other, path)
            for role in holders(permission):
                for client in (own.machine(role), own.client(role)):
                    code = undone(client, method, target, query).status_code
                    wrong += (
                        [f"{method} {path} as {role}: {code}"] if code not in {404, spared(method)} else []
                    )
    assert not wrong, "\n".join(wrong)


def marks(world):
    words = {mark(world) for mark, _ in KINDS.values() if mark}
    keys = world.keys
    return words | {
        keys.gtin,
        keys.lot,
        keys.item,
        keys.mine,
        keys.plant,
        keys.party,
        world.organisation.slug,
    }


def words(world):
    """What somebody could search for, in a fixed order."""
    keys, name = world.keys, world.word
    named = [
        f"{name.title()} Works",
        f"{name.title()} Mine",
        f"{name.upper()}-LOT",
        f"{name.title()}-1",
        f"{name} pack",
    ]
    return [keys.gtin, keys.serial, keys.lot, keys.item, keys.mine, keys.plant, *named]


def asked_about(client, path, other):
    """Asking for the other's things is answered like asking for things that nobody has ever heard of."""
    organisation = SimpleNamespace(slug="never-works", workspace=SimpleNamespace(pk=0), party="urn:x:never")
    plain = unsaid(client.get(path), "…")
    for field in ("q", "key", "lot") if path.startswith("/api/") else ("q",):
        for word, phantom in zip(words(other), words(type(other)(organisation, None)), strict=True):
            told, nothing = (unsaid(client.get(path, {field: asked}), asked) for asked in (word, phantom))
            more = [line for line in ndiff(nothing[1].splitlines(), told[1].splitlines()) if line[0] in "+-"]
            assert told == nothing, f"{path}?{field}={word}\n" + "\n".join(more)
            if told == plain:
                break  # this address does not know the field


def unsaid(answer, word):
    """The answer without the question in it and without what is new each time."""
    text = body(answer)
    spellings = {
        word,
        quote(word),
        quote(word, safe=""),
        quote_plus(word),
        escape(word),
        word.rsplit("/", 1)[-1],
    }
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, "…")
    text = re.sub(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC", "", text
    )  # a minute may end in between
    return answer.status_code, re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)


def test_no_list_search_or_export_shows_the_other(filled):
    """Plain, as CSV, and searched for with the other's very words."""
    own, other = filled
    foreign = marks(other)
    assert not foreign & marks(own)
    found = {}
    for name, permission in [
        *pages().items(),
        *((p, perm) for (m, p), perm in operations().items() if m == "GET"),
    ]:
        if name in own.pages or name in own.operations:
            continue
        path, _ = address(own, name)
        for role in holders(permission):
            client = own.machine(role) if name.startswith("/") else own.client(role)
            plain = client.get(path)
            if plain.status_code == 405:
                continue
            shown = body(plain) + body(client.get(path, {"format": "csv"}))
            found.setdefault(name, set()).update(word for word in marks(own) if word in shown)
            assert not [word for word in foreign if word in shown], f"{name} as {role}"
            if role is holders(permission)[0]:
                asked_about(client, path, other)
    # The test would see it: the owner's own words are found in these lists.
    assert len([name for name, words in found.items() if words]) >= 10, found


def test_what_another_workspace_does_changes_nothing_here(worlds):
    """Even when it says other things about the very same identifiers."""
    own, other = worlds
    fill(own)
    before = snapshot(own)
    other.__dict__["keys"] = SimpleNamespace(**{**vars(own.keys), "party": other.organisation.party})
    assert other.captured
    assert other.score
    assert other.recall
    assert (other.lot.key, other.item.key) == (own.lot.key, own.item.key)
    with pytest.raises(Problem):  # one public address cannot show two batteries
        assert other.passport
    after = snapshot(own)
    assert before.keys() == after.keys()
    for place, text in before.items():
        assert text == after[place], place


def snapshot(world):
    """All answers of the API to the owner, without what counts the whole log."""
    seen = {}
    for (method, path), permission in operations().items():
        if method == "GET" and path not in {
            "/api/audit",
            "/api/audit/{position}",
            "/api/log/checkpoint",
            "/api/log/statements/{position}",
            "/api/keys",
            *PROOFS,
        }:
            target, query = address(world, path)
            answer = world.machine(holders(permission)[0]).get(target, query)
            assert answer.status_code == 200, path
            seen[path] = re.sub(r'"(log_size|position)": ?\d+|"creationDate": ?"[^"]*"', "", body(answer))
    return seen


@pytest.fixture
def sister(filled, now):
    """A supplier of another organisation in the same workspace."""
    from django.test import Client

    from lodeline_server.parties.actions import add_membership, create_organisation, create_user

    own, _ = filled
    home = create_organisation(
        actor=own.platform,
        workspace=own.workspace,
        slug="sister",
        name="Sister",
        party="https://id.gs1.org/417/9529990000009",
        now=now,
    )
    user = create_user(actor=own.platform, email="sister@else.example", name="Sister")
    add_membership(actor=own.platform, user=user, organisation=home, role=Role.SUPPLIER, now=now)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_a_supplier_sees_its_own_only(filled, sister):
    """Neighbours in one workspace: what the other party did is not there for it either."""
    own, _ = filled
    foreign = marks(own) - {own.organisation.slug, f"{own.word} loop"}  # rules of schemes are the workspace's
    wrong = []
    mine = PERMISSIONS[Role.SUPPLIER]
    for name, permission in pages().items():
        if permission not in mine or name in SHARED:
            continue
        path, _ = address(own, name)
        answer = undone(sister, "GET", path)
        if name in own.pages and answer.status_code != 404:
            wrong.append(f"{name}: {answer.status_code}")
        if name not in own.pages:
            shown = body(answer) + body(sister.get(path, {"format": "csv"}))
            wrong += [f"{name} shows {word}" for word in foreign if word in shown]
            asked_about(sister, path, own)
    for (method, path), permission in operations().items():
        if permission not in mine or path in SHARED:
            continue
        target, query = address(own, path)
        answer = undone(sister, method, target, query)
        if path in own.operations and answer.status_code not in {404, spared(method)}:
            wrong.append(f"{method} {path}: {answer.status_code}")
        if path not in own.operations and method == "GET":
            wrong += [f"{path} shows {word}" for word in foreign if word in body(answer)]
            asked_about(sister, target, own)
    assert not wrong, "\n".join(wrong)


def test_nothing_is_done_with_the_others_things(filled):
    """Writing with the other's keys in the body: refused, and nothing is written."""
    from lodeline_server.log.queries import size
    from lodeline_server.parties.models import ApiKey, Membership
    from lodeline_server.passports.models import Passport
    from lodeline_server.recalls.models import Recall
    from lodeline_server.trust.models import Score

    def counts():
        return size(), *(model.objects.count() for model in (ApiKey, Membership, Recall, Score, Passport))

    own, other = filled
    clients = {role: own.client(role) for role in Role}
    machine = own.machine(Role.MAKER)
    before = counts()
    refused = [
        clients[Role.QUALITY].post("/api/recalls", {"lot": other.keys.lot}, content_type="application/json"),
        clients[Role.QUALITY].post("/app/recalls/new", {"lot": other.keys.lot, "threshold": "0.001"}),
        clients[Role.OPERATOR].post("/app/members/", {"email": "x@example.org", "role": "buyer",
                                                      "organisation": other.organisation.pk}),
        clients[Role.MAKER].post("/app/keys/", {"name": "x", "role": "maker",
                                                "organisation": other.organisation.pk}),
        clients[Role.BUYER].post(f"/app/suppliers/{other.party.pk}/compute"),
        clients[Role.MAKER].post(f"/app/passports/{other.passport.pk}/issue"),
        machine.delete("/api/signing-keys", query_params={"kid": other.signing_key.kid}),
        clients[Role.OPERATOR].post("/app/switch", {"membership": other.person("operator").pk}),
    ]  # fmt: skip
    assert [answer.status_code for answer in refused if answer.status_code not in {404, 422}] == []
    assert counts() == before
