"""A small world made through public actions, once for one's own workspace and once for another's.

`World.args` says how to fill the address of a page or an operation that has holes. An address without an
entry here fails the walk: whoever adds a page adds its sample object.
"""

from __future__ import annotations

import json
import sys
import uuid
from datetime import datetime
from fractions import Fraction
from functools import cached_property, partial
from types import SimpleNamespace

import pytest
from django.test import Client

from lodeline.access import Role, platform
from lodeline.events.sheet_templates import SHIPMENTS
from lodeline.identifiers import check_digit

TEMPLATES_BY_NAME = tuple(
    f"/api/sheets/{{template}}{rest}" for rest in (".xlsx", ".csv", "/preview", "/capture")
)


def actor_of(membership):
    from lodeline_server.parties.queries import actor_of as of

    return of(membership)


class World:
    """Objects of one workspace, each made when it is first asked for."""

    def __init__(self, organisation, now: datetime):
        self.organisation, self.now = organisation, now
        self.workspace = organisation.workspace
        self.word = organisation.slug.split("-")[0]  # north, south: stands in every name
        self.platform = platform(self.workspace.pk)

    def person(self, role):
        from lodeline_server.parties.actions import add_membership, create_user
        from lodeline_server.parties.models import User

        email = f"{role}@{self.word}.example"
        user = User.objects.filter(email=email).first()
        user = user or create_user(
            actor=platform(), email=email, name=f"{self.word} {role}", password="correct horse battery"
        )
        return add_membership(
            actor=self.platform, user=user, organisation=self.organisation, role=Role(role), now=self.now
        )

    def client(self, role):
        client = Client(raise_request_exception=False)
        client.force_login(self.person(role).user)
        return client

    def key(self, role, scopes=()):
        from lodeline_server.parties.actions import create_api_key

        return create_api_key(
            actor=self.platform,
            organisation=self.organisation,
            name=f"{self.word} machine",
            role=Role(role),
            scopes=scopes,
            now=self.now,
        )

    def machine(self, role, scopes=()):
        authorization = f"Bearer {self.key(role, scopes)[1]}"
        return Client(raise_request_exception=False, headers={"authorization": authorization})

    def _sheet(self, actor):
        """A sheet that somebody uploaded and has not captured."""
        from lodeline_server.events.sheets import actions
        from lodeline_server.kit.clock import now

        row = f"{self.word}-1;2026-10-01;9521141000014;9521141000021;;09521141123454;{self.word};5;kg;"
        data = f"Time zone;UTC\n{';'.join(column.title for column in SHIPMENTS.columns)}\n{row}".encode()
        upload = actions.Upload(data=data, template="shipments", name=f"{self.word}-sheet.csv")
        return actions.preview(actor=actor, upload=upload, now=now())  # it ends after a day

    @cached_property
    def sheet(self):
        """A person's."""
        return self._sheet(actor_of(self.person("maker")))

    @cached_property
    def sheet_of_machines(self):
        """One that came by key."""
        from attrs import evolve

        return self._sheet(evolve(actor_of(self.person("maker")), kind="key", id="key:0"))

    @cached_property
    def some_key(self):
        return self.key("maker")[0]

    @cached_property
    def signing_key(self):
        """A party's public key for documents."""
        from lodeline.keys import SigningKey
        from lodeline_server.events.actions import register_key

        public = SigningKey.from_seed(self.word.encode().ljust(32)).verify_key.raw
        return register_key(
            actor=self.platform,
            organisation=self.organisation,
            kid=f"{self.word}-documents",
            public_key=public,
            now=self.now,
        )

    @cached_property
    def failed_job(self):
        """A job that ended badly, as the worker leaves it."""
        from django_tasks_db.models import DBTaskResult

        return SimpleNamespace(pk=DBTaskResult.objects.values_list("pk", flat=True).first() or uuid.uuid4())

    # --- a supply chain of three: a mine's lot, a pack made of it, what was said about them --------

    def link(self, *parts):
        return "https://id.gs1.org/" + "/".join(parts)

    @cached_property
    def keys(self):
        """Identifiers that name this workspace's things alone."""
        own = {"north": "9520001", "south": "9520002", "never": "9520003"}[self.word]
        gtin, gln = (body + check_digit(body) for body in (f"0{own}00001", f"{own}00001"))
        plant = f"{own}00002"
        return SimpleNamespace(
            gtin=gtin,
            serial=f"{self.word}-1",
            lot=self.link("01", gtin, "10", f"{self.word.upper()}-LOT"),
            item=self.link("01", gtin, "21", f"{self.word}-1"),
            mine=self.link("414", gln),
            plant=self.link("414", plant + check_digit(plant)),
            party=self.organisation.party,
        )

    def capture(self, document):
        """Through the public action, processed at once."""
        from lodeline_server.events import actions, processing

        actor = actor_of(self.person("maker"))
        job = actions.submit(
            actor=actor,
            document=actions.Document(data=json.dumps(document).encode()),
            now=self.now,
            queue=False,
        )
        job = processing.process(job, self.now)
        assert job.state == "taken", job.findings
        return job

    def statement(self, kind, subject, /, **content):
        return {
            "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{self.word}{kind}{subject}')}",
            "kind": kind,
            "subject": subject,
            "issuer": self.keys.party,
            "issued": "2026-09-01",
            "content": content,
        }

    @cached_property
    def stated(self):
        """What is said about party, sites, lot and model."""
        keys, name = self.keys, self.word.title()
        point = {"1": f"{name} Works", "2": f"{name} model"}
        site = {"party": keys.party, "country": "SE"}
        statements = [
            self.statement("party.profile", keys.party, name=f"{name} Works", country="SE", roles=["mine", "pack"],
                           materials=["Ni"]),
            self.statement("site.profile", keys.mine, name=f"{name} Mine", kind="mine", materials=["Ni"], **site),
            self.statement("site.profile", keys.plant, name=f"{name} Plant", kind="pack_plant", **site),
            self.statement("origin.attestation", keys.lot, lot=keys.lot, site=keys.mine, country="SE",
                           materials=["Ni"]),
            self.statement("certificate", keys.party, scheme=f"{name} scheme", number=f"{name}-1", sites=[keys.mine],
                           materials=["Ni"], status="valid"),
            self.statement("battery.model", self.link("01", keys.gtin), gtin=keys.gtin, category="EV", points=point),
            self.statement("battery.item", keys.item, points={}, status="original"),
        ]  # fmt: skip
        head = {"type": "StatementDocument", "schemaVersion": "1", "creationDate": "2026-09-02T08:00:00Z"}
        return self.capture({**head, "statements": statements})

    @property
    def described(self):
        """Master data about the mine."""
        said = [{"id": "urn:epcglobal:cbv:mda:addressLine1", "attribute": f"{self.word} pit"}]
        entry = {"id": self.keys.mine, "attributes": said}
        return {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [entry]}

    @cached_property
    def captured(self):
        """The lot, and the pack made of it."""
        assert self.stated
        keys, kilograms = self.keys, "KGM"
        composition = [{"lode:substance": "Ni", "lode:massFraction": "0.2"}]
        common = {"eventTimeZoneOffset": "+00:00"}
        made = {
            **common,
            "type": "ObjectEvent",
            "action": "ADD",
            "bizStep": "commissioning",
            "eventID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.word + 'made')}",
            "eventTime": "2026-09-10T08:00:00Z",
            "readPoint": {"id": keys.mine},
            "bizLocation": {"id": keys.mine},
            "quantityList": [{"epcClass": keys.lot, "quantity": 100, "uom": kilograms}],
            "ilmd": {"lode:product": f"{self.word} sulphate", "lode:composition": composition},
        }
        built = {
            **common,
            "type": "TransformationEvent",
            "bizStep": "commissioning",
            "eventID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.word + 'built')}",
            "eventTime": "2026-09-20T08:00:00Z",
            "readPoint": {"id": keys.plant},
            "bizLocation": {"id": keys.plant},
            "inputQuantityList": [{"epcClass": keys.lot, "quantity": 10, "uom": kilograms}],
            "outputEPCList": [keys.item],
            "ilmd": {
                "lode:product": f"{self.word} pack",
                "lode:composition": composition,
                "lode:unitMass": {"lode:value": "10", "lode:uom": kilograms},
            },
        }
        return self.capture(
            {
                "@context": [
                    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                    {"lode": "urn:x-lodeline:epcis:"},
                ],
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2026-09-21T08:00:00Z",
                "epcisHeader": {"epcisMasterData": {"vocabularyList": [self.described]}},
                "epcisBody": {"eventList": [made, built]},
            }
        )

    @cached_property
    def event(self):
        assert self.captured
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.word + 'made')}"

    @cached_property
    def position(self):
        """A statement of this workspace in the log."""
        from lodeline_server.log.queries import read

        assert self.captured
        return next(read(workspace=self.workspace.pk, limit=1)).position

    @cached_property
    def line(self):
        """A line of this organisation in the audit trail."""
        from lodeline_server.log.auditing.outbox import OUTBOX
        from lodeline_server.log.auditing.sequencer import sequence
        from lodeline_server.log.models import AuditEntry

        assert self.captured
        assert self.client("auditor").get(f"/app/log/{self.position}/").status_code == 200
        OUTBOX.flush()
        sequence(self.now)
        return (
            AuditEntry.objects.filter(organisation=self.organisation.pk)
            .order_by("-position")
            .first()
            .position
        )

    @property
    def auditor(self):
        """How the trail calls this workspace's auditor."""
        from lodeline_server.log.auditing.pseudonyms import of_id

        return of_id(f"user:{self.person('auditor').user_id}", self.workspace.pk)

    @cached_property
    def lot(self):
        from lodeline_server.lots.models import Lot

        assert self.captured
        return Lot.objects.get(workspace=self.workspace, key=self.keys.lot)

    @cached_property
    def site(self):
        from lodeline_server.evidence.models import Site

        assert self.captured
        return Site.objects.get(workspace=self.workspace, uri=self.keys.mine)

    @cached_property
    def item(self):
        from lodeline_server.lots.models import Lot

        assert self.captured
        return Lot.objects.get(workspace=self.workspace, key=self.keys.item)

    @cached_property
    def party(self):
        from lodeline_server.evidence.models import Party

        assert self.stated
        return Party.objects.get(workspace=self.workspace, uri=self.keys.party)

    @cached_property
    def score(self):
        from lodeline_server.trust.actions import score

        assert self.captured
        return score(actor=actor_of(self.person("buyer")), party=self.keys.party, now=self.now)

    @cached_property
    def recall(self):
        from lodeline_server.recalls.actions import compute
        from lodeline_server.recalls.deciding import Order

        assert self.captured
        order = Order(lot=self.keys.lot, threshold=Fraction(1, 1000))
        return compute(actor=actor_of(self.person("quality")), order=order, now=self.now, timer=lambda: 0.0)

    @cached_property
    def closed_recall(self):
        """A recall of which everything is known, told, and closed."""
        from lodeline.recalls.closure import Mark, Outcome
        from lodeline_server.recalls.actions import compute
        from lodeline_server.recalls.closing import actions, queries
        from lodeline_server.recalls.deciding import Order

        quality = actor_of(self.person("quality"))
        order = Order(lot=self.recall and self.keys.lot, threshold=Fraction(0))
        found = compute(actor=quality, order=order, now=self.now, timer=lambda: 0.0)
        common = {"actor": quality, "recall": found, "now": self.now}
        parties = [one.party for one in queries.addressees(found)]
        actions.mark(**common, marking=actions.Marking(mark=Mark.SENT, parties=parties, on=self.now))
        actions.settle(**common, settling=actions.Settling(outcome=Outcome.CLEAN, on=self.now))
        actions.close(**common, reasons={}, signed_off_by=f"Quality of {self.word}")
        return found

    @cached_property
    def drill(self):
        """A drill whose clock runs."""
        from lodeline_server.recalls.drilling.actions import draw

        assert self.captured
        quality = actor_of(self.person("quality"))
        return draw(
            actor=quality, limit=3600, now=self.now, random=lambda most: most - sum(map(ord, self.word))
        )

    @cached_property
    def case(self):
        """Something that was sent and never received, as a case with an owner."""
        from lodeline_server.lots.models import Case
        from lodeline_server.lots.reconciling import actions

        assert self.captured
        quality = actor_of(self.person("quality"))
        sent = {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "shipping",
            "eventID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, self.word + 'sent')}",
            "eventTime": "2026-09-11T08:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "readPoint": {"id": self.keys.mine},
            "quantityList": [{"epcClass": self.keys.lot, "quantity": 50, "uom": "KGM"}],
            "destinationList": [
                {"type": "possessing_party", "destination": "https://id.gs1.org/417/9529999000004"}
            ],
        }
        self.capture(
            {
                "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2026-09-12T08:00:00Z",
                "epcisBody": {"eventList": [sent]},
            }
        )
        actions.reconcile(actor=quality, now=self.now)
        case = Case.objects.get(workspace=self.workspace)
        return actions.assign(actor=quality, case=case, owner=quality.id, now=self.now)

    @cached_property
    def custody(self):
        """An entry in a book of credits of the plant, with who approved it."""
        from lodeline_server.lots.custody import actions

        assert self.captured
        maker = actor_of(self.person("maker"))
        rules = {
            "scheme": f"{self.word} loop",
            "version": "1",
            "periods": {"start": "2026-01-01", "months": 1, "count": 24},
            "groups": [{"group": f"{self.word} credits", "substance": "Ni"}],
        }
        actions.set_scheme(actor=maker, raw=rules, now=self.now)
        received = {
            "id": f"{self.word}-receipt",
            "kind": "receipt",
            "scheme": rules["scheme"],
            "model": "mass-balance",
            "site": self.keys.plant,
            "group": f"{self.word} credits",
            "characteristics": ["recycled"],
            "at": "2026-09-12",
            "received": "2026-09-12",
            "massKg": "5",
            "evidence": {"ticket": "W-1"},
            "source": self.word.encode().hex().ljust(64, "0"),
            "approver": f"{self.word} approver",
        }
        return actions.book(actor=maker, raw=[received], now=self.now)[0]

    @cached_property
    def passport(self):
        from lodeline_server.passports.actions import issue

        assert self.captured
        return issue(actor=actor_of(self.person("maker")), key=self.keys.item, now=self.now)

    @cached_property
    def credential(self):
        """A credential issued by the maker of this workspace, with its status lists."""
        from lodeline_server.credentials import actions

        actor = actor_of(self.person("maker"))
        actions.add_key(actor=actor, organisation=self.organisation, algorithm="Ed25519", now=self.now)
        plain = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {"id": self.keys.party},
        }
        issued = actions.issue(actor=actor, organisation=self.organisation, credential=plain, now=self.now)
        return issued.row

    @cached_property
    def trust_list(self):
        """A list of who may issue what, signed by the maker of this workspace and believed in it."""
        from datetime import date

        from lodeline.credentials.trustlists import Listing, Role, Span
        from lodeline_server.credentials import trust_actions

        assert self.credential
        listing = Listing(
            issuer="did:web:laboratory.example",
            role=Role.LABORATORY,
            kinds=frozenset({"DigitalConformityCredential"}),
            span=Span(since=date(2026, 1, 1)),
            source="https://register.example/1",
        )
        actor = actor_of(self.person("maker"))
        row = trust_actions.add_listing(
            actor=actor,
            organisation=self.organisation,
            listing=listing,
            now=self.now,
            name=f"Laboratories of {self.word}",
        )
        trust_actions.believe(
            actor=actor, workspace=row.workspace_id, owner=row.owner, name=row.name, now=self.now
        )
        return row

    @cached_property
    def held(self):
        """A credential made elsewhere, taken in by the maker of this workspace."""
        from lodeline.credentials import keyfile, self_signing
        from lodeline.keys import SigningKey
        from lodeline_server.credentials import actions

        plain = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {"id": self.keys.party},
        }
        item = self_signing.sign(
            plain,
            keyfile.read(keyfile.write(SigningKey(b"\x07" * 32))),
            "eddsa-jcs-2022",
            now=self.now,
            identifier=f"urn:test:held:{self.organisation.slug}",
            random=bytes,
        )
        actor = actor_of(self.person("maker"))
        return actions.take_in(actor=actor, organisation=self.organisation, item=item, now=self.now)

    @cached_property
    def question(self):
        """A threshold question that this organisation asked of itself, about a number sealed in a credential."""
        from lodeline_server.credentials.thresholds import actions_ask, actions_seal

        assert self.credential
        plain = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "credentialSubject": {"id": self.keys.lot},
        }
        common = {"actor": self.platform, "organisation": self.organisation, "now": self.now}
        number = actions_seal.Number(path="/credentialSubject/recycledShareCobalt", value="17.3")
        sealed = actions_seal.seal(**common, owner=self.organisation, credential=plain, numbers=[number])
        name = sealed.issued.row.identifier
        asked = actions_ask.Asked(claim="recycled-cobalt-2031", credentials=(name,))
        return actions_ask.ask(**common, asked=asked)

    @cached_property
    def neighbour(self):
        """Another organisation of this workspace."""
        from lodeline_server.parties.models import Organisation

        return Organisation.objects.create(
            workspace=self.workspace,
            slug=f"{self.word}-neighbour",
            name=f"{self.word.title()} neighbour",
            party=f"{self.organisation.party}9",
            created_at=self.now,
        )

    @cached_property
    def opening_grant(self):
        from datetime import timedelta

        from lodeline_server.credentials.thresholds.actions_grant import grant

        return grant(
            actor=self.platform,
            organisation=self.organisation,
            credential=self.question.credentials[0],
            to=self.neighbour.slug,
            claims=["recycled-cobalt-2031"],
            until=self.now + timedelta(days=1),
            now=self.now,
        )[0]

    @cached_property
    def read_grant(self):
        from lodeline_server.passports.actions_disclosure import grant

        return grant(
            actor=self.platform,
            passport=self.passport,
            to=self.neighbour.slug,
            purpose="a test",
            days=1,
            now=self.now,
        )

    @cached_property
    def signed_passport(self):
        from lodeline_server.passports.actions_disclosure import issue_credential

        assert self.credential
        return issue_credential(actor=self.platform, passport=self.passport, now=self.now)

    @property
    def issuer(self):
        return self.credential.issuer

    @property
    def status_list(self):
        return self.credential.entries.first().status_list

    def _member(self, value):
        """What stands in the events of this workspace, in an address."""
        assert self.captured
        return {"value": value}

    @cached_property
    def named_query(self):
        from lodeline_server.events.subscriptions.actions import define

        actor = actor_of(self.person("maker"))
        return define(
            actor=actor, name=f"{self.word} additions", definition={"EQ_action": ["ADD"]}, now=self.now
        )

    @cached_property
    def subscription(self):
        """An address that is told; nobody delivers here."""
        from lodeline_server.events.subscriptions.actions import Wanted, subscribe

        wanted = Wanted(dest=f"https://{self.word}.example/told", token=self.word, stream=True)
        actor = actor_of(self.person("maker"))
        return subscribe(actor=actor, name=self.named_query.name, wanted=wanted, now=self.now)

    @cached_property
    def anchor(self):
        """A time stamp of the newest checkpoint. Anchors are of the installation, not of a workspace."""
        from tests.apps.log.anchoring.made import stamped

        assert self.position >= 0
        return stamped(self.now)

    # --- addresses --------------------------------------------------------------------------------

    @cached_property
    def pages(self):
        """Name of a page with holes: how to fill them."""
        return {
            "member_role": lambda: {"pk": self.person("buyer").pk},
            "member_link": lambda: {"pk": self.person("buyer").pk},
            "member_remove": lambda: {"pk": self.person("buyer").pk},
            "key_revoke": lambda: {"pk": self.some_key.pk},
            "statement": lambda: {"position": self.position},
            "did_document": lambda: {"name": self.issuer.name},
            "did_log": lambda: {"name": self.issuer.name},
            "battery_did": lambda: {"gtin": self.passport.gtin, "serial": self.passport.serial},
            "identity_key_rotate": lambda: {"pk": self.issuer.keys.get().pk},
            "identity_key_revoke": lambda: {"pk": self.issuer.keys.get().pk},
            "threshold": lambda: {"pk": self.question.pk},
            "threshold_answer": lambda: {"pk": self.question.pk},
            "threshold_verify": lambda: {"pk": self.question.pk},
            "status_list": lambda: {"name": self.status_list.name},
            "trust_list": lambda: {"name": self.trust_list.issuer.name},
            "context": lambda: {"name": "own-1.jsonld"},
            "wallet_held": lambda: {"pk": self.held.pk},
            "wallet_held_file": lambda: {"pk": self.held.pk},
            "wallet_issued_file": lambda: {"pk": self.credential.pk},
            "passport_credentials": lambda: {"pk": self.passport.pk},
            "battery_credentials": lambda: {"gtin": self.passport.gtin, "serial": self.passport.serial},
            "battery_credentials_data": lambda: {"gtin": self.passport.gtin, "serial": self.passport.serial},
            "log_tile": lambda: {"place": f"0/000.p/{self.position + 1}"},
            "audit_tile": lambda: {"place": "0/000.p/1"},
            "witness_checkpoint": lambda: {"origin_hash": "0" * 64},
            "capture": lambda: {"uuid": self.captured.uuid},
            "capture_retry": lambda: {"uuid": self.captured.uuid},
            "sheet_template": lambda: {"name": "shipments", "form": "csv"},
            "sheet": lambda: {"uuid": self.sheet.uuid},
            "sheet_findings": lambda: {"uuid": self.sheet.uuid},
            "sheet_confirm": lambda: {"uuid": self.sheet.uuid},
            "sheet_drop": lambda: {"uuid": self.sheet.uuid},
            "subscription_end": lambda: {"uuid": self.subscription.uuid},
            "lot": lambda: {"pk": self.lot.pk},
            "explore": lambda: {"pk": self.lot.pk},
            "origin_map": lambda: {"pk": self.lot.pk},
            "site": lambda: {"pk": self.site.pk},
            "item": lambda: {"pk": self.item.pk},
            "recall": lambda: {"pk": self.recall.pk},
            "recall_csv": lambda: {"pk": self.recall.pk},
            "recall_pdf": lambda: {"pk": self.recall.pk},
            "custody_book": lambda: {"ref": self.custody.book.ref},
            "custody_close": lambda: {"ref": self.custody.book.ref},
            "custody_entry": lambda: {"position": self.custody.position},
            "case": lambda: {"pk": self.case.pk},
            "case_decide": lambda: {"pk": self.case.pk},
            "recall_notices": lambda: {"pk": self.recall.pk},
            "recall_notices_csv": lambda: {"pk": self.recall.pk},
            "recall_closing": lambda: {"pk": self.closed_recall.pk},
            "recall_outcome": lambda: {"pk": self.recall.pk},
            "recall_close": lambda: {"pk": self.recall.pk},
            "recall_closure_pdf": lambda: {"pk": self.closed_recall.pk},
            "recall_closure_json": lambda: {"pk": self.closed_recall.pk},
            "drill": lambda: {"pk": self.drill.pk},
            "drill_answer": lambda: {"pk": self.drill.pk},
            "drill_abandon": lambda: {"pk": self.drill.pk},
            "supplier": lambda: {"pk": self.party.pk},
            "supplier_compute": lambda: {"pk": self.party.pk},
            "passport": lambda: {"pk": self.passport.pk},
            "passport_public": lambda: {"gtin": self.passport.gtin, "serial": self.passport.serial},
            "passport_signed": lambda: {"pk": self.passport.pk},
            "passport_sign": lambda: {"pk": self.passport.pk},
            "passport_presentation": lambda: {"pk": self.signed_passport and self.passport.pk},
            "passport_issue": lambda: {"pk": self.passport.pk},
            "method": lambda: {"version": self.score.method},
            "method_file": lambda: {"version": self.score.method},
            "supplier_bundle": lambda: {"pk": self.score and self.party.pk},
            "anchor_receipt": lambda: {"pk": self.anchor.pk},
            "anchored": lambda: {"position": self.position, "pk": self.anchor.pk},
            "job_again": lambda: {"job": self.failed_job.pk},
        }

    @cached_property
    def operations(self):
        """Path of an operation with holes or needed queries: how to fill them."""
        return {
            "/epcis/capture/{capture_id}": lambda: {"capture_id": self.captured.uuid},
            "/api/captures/{capture_id}/events": lambda: {"capture_id": self.captured.uuid},
            "/api/sheets/previews/{preview_id}": lambda: {"preview_id": self.sheet_of_machines.uuid},
            "/api/sheets/previews/{preview_id}/capture": lambda: {"preview_id": self.sheet_of_machines.uuid},
            **dict.fromkeys(TEMPLATES_BY_NAME, lambda: {"template": "shipments"}),
            "/epcis/events/{event_id}": lambda: {"event_id": self.event},
            "/epcis/nextPageToken/{token}": lambda: {"token": f"{self.word}-none"},
            **{
                f"/epcis/{name}/{{value}}{rest}": partial(self._member, value)
                for name, value in (
                    ("eventTypes", "ObjectEvent"),
                    ("bizSteps", "commissioning"),
                    ("dispositions", "in_transit"),
                    ("epcs", self.keys.item),
                    ("bizLocations", self.keys.mine),
                    ("readPoints", self.keys.plant),
                )
                for rest in ("", "/events")
            },
            "/epcis/queries/{name}": lambda: {"name": self.named_query.name},
            "/epcis/queries/{name}/events": lambda: {"name": self.named_query.name},
            "/epcis/queries/{name}/subscriptions": lambda: {"name": self.named_query.name},
            "/epcis/queries/{name}/subscriptions/{subscription_id}": lambda: {
                "name": self.named_query.name,
                "subscription_id": self.subscription.uuid,
            },
            "/api/lots/trace": lambda: {"query": {"key": self.lot and self.keys.item}},
            "/api/lots/graph": lambda: {"query": {"key": self.lot and self.keys.item}},
            "/api/lots/origins": lambda: {"query": {"key": self.lot and self.keys.item}},
            "/api/sites/figures": lambda: {"query": {"site": self.site.uri}},
            "/api/recalls/{recall_id}": lambda: {"recall_id": self.recall.pk},
            "/api/recalls/{recall_id}/notices": lambda: {"recall_id": self.recall.pk},
            "/api/recalls/{recall_id}/outcomes": lambda: {"recall_id": self.recall.pk},
            "/api/recalls/{recall_id}/closure": lambda: {"recall_id": self.closed_recall.pk},
            "/api/recalls/drills/{drill_id}": lambda: {"drill_id": self.drill.pk},
            "/api/recalls/drills/{drill_id}/answer": lambda: {"drill_id": self.drill.pk},
            "/api/recalls/drills/{drill_id}/abandon": lambda: {"drill_id": self.drill.pk},
            "/api/custody/books/{ref}": lambda: {"ref": self.custody.book.ref},
            "/api/custody/books/{ref}/closings": lambda: {"ref": self.custody.book.ref},
            "/api/custody/entries/{entry}": lambda: {"entry": self.custody.ref},
            "/api/reconciliation/cases/{case_id}": lambda: {"case_id": self.case.pk},
            "/api/reconciliation/cases/{case_id}/assign": lambda: {"case_id": self.case.pk},
            "/api/reconciliation/cases/{case_id}/comment": lambda: {"case_id": self.case.pk},
            "/api/reconciliation/cases/{case_id}/resolve": lambda: {"case_id": self.case.pk},
            "/api/trust-lists/{list_id}": lambda: {"list_id": self.trust_list.pk},
            "/api/trust-lists/{list_id}/believe": lambda: {"list_id": self.trust_list.pk},
            "/api/trust-lists/{list_id}/stop": lambda: {"list_id": self.trust_list.pk},
            "/api/passports/{passport_id}": lambda: {"passport_id": self.passport.pk},
            "/api/passports/{passport_id}/credential": lambda: {
                "passport_id": self.signed_passport and self.passport.pk
            },
            "/api/passports/{passport_id}/grants": lambda: {"passport_id": self.passport.pk},
            "/api/passports/{passport_id}/grants/{grant_id}/end": lambda: {
                "passport_id": self.passport.pk,
                "grant_id": self.read_grant.pk,
            },
            "/api/thresholds/questions/{question_id}": lambda: {"question_id": self.question.pk},
            "/api/thresholds/questions/{question_id}/answer": lambda: {"question_id": self.question.pk},
            "/api/thresholds/grants/{grant_id}/end": lambda: {"grant_id": self.opening_grant.pk},
            "/api/scores/{supplier}": lambda: {"supplier": self.score.party.rsplit("/", 1)[1]},
            "/api/scores/{supplier}/history": lambda: {"supplier": self.score.party.rsplit("/", 1)[1]},
            "/api/methods/{version}": lambda: {"version": self.score.method},
            "/api/log/statements/{position}": lambda: {"position": self.position},
            "/api/audit/{position}": lambda: {"position": self.line},
            "/api/log/statements/{position}/anchors": lambda: {"position": self.position},
            "/api/log/proof/inclusion": lambda: {"query": {"position": self.position}},
            "/api/log/proof/consistency": lambda: {"query": {"old": self.position + 1}},
            "/api/keys/{key_id}": lambda: {"key_id": self.some_key.pk},
        }


@pytest.fixture(autouse=True)
def _nothing_kept():
    """What a process keeps by log position would be another test's: positions start again in each."""
    for name, module in list(sys.modules.items()):
        if name.startswith("lodeline_server."):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()


@pytest.fixture
def worlds(db, organisation, other_organisation, now):
    return World(organisation, now), World(other_organisation, now)


@pytest.fixture
def world(worlds):
    return worlds[0]


@pytest.fixture
def other_world(worlds):
    return worlds[1]
