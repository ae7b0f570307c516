"""Erasing a person: what goes, what stays, who may, and what happens after a crash or a restore."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from tests.apps.log.saying import put

from lodeline.access import Denied, Role, platform
from lodeline.log.proof import verify_inclusion
from lodeline_server.kit.problems import Problem
from lodeline_server.log import erasing, projections, purging, queries, vault
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Entry, Erasure, SubjectKey
from lodeline_server.publishing.actions import publish
from lodeline_server.publishing.queries import forms

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_list():
    erasing.listed().unlink(missing_ok=True)
    yield
    erasing.listed().unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _only_here(monkeypatch):
    """What other apps offer is tested with them."""
    for name in ("_quotes", "_purges", "_afterwards"):
        monkeypatch.setattr(purging, name, {})
    monkeypatch.setattr(projections, "_registered", {})


def erase(subject="anna", *, actor=None, workspace=1, reason="request", now=None):
    from tests.apps.log.saying import NOON

    return erasing.erase(
        actor=actor or platform(workspace),
        workspace=workspace,
        subject=subject,
        reason=reason,
        now=now or NOON,
    )


def about(*people, text="said", workspace=1, now=None, kind="test.said"):
    from tests.apps.log.saying import NOON

    with transaction.atomic():
        statement = NewStatement(type=kind, payload={"body": {"name": text}}, data_subject="\n".join(people))
        return append(actor=platform(), workspace=workspace, statements=[statement], now=now or NOON)[
            0
        ].position


def test_the_payload_goes_and_leaf_proofs_and_log_stay_sound():
    mine, other = about("anna", text="Anna Berg"), about("bo")
    before = queries.get(mine)
    done = erase()
    assert (done.count, done.position, done.left, done.notes) == (1, 2, (), ())
    after = queries.get(mine)
    assert (after.payload, after.salt, after.erased) == ({}, b"", True)
    assert (after.leaf, after.leaf_hash) == (before.leaf, before.leaf_hash)
    assert queries.get(other).payload == {"body": {"name": "said"}}
    size = queries.size()
    root = fsck().root
    for one in queries.read():
        verify_inclusion(one.leaf_hash, one.position, size, queries.inclusion(one.position, size), root)
    assert fsck().findings == ()


def test_the_key_is_gone_and_the_statement_about_it_names_nobody():
    about("anna")
    row = SubjectKey.objects.get()
    assert len(bytes(row.wrapped)) == 60
    done = erase()
    row.refresh_from_db()
    assert (bytes(row.wrapped), row.destroyed_at is None) == (b"", False)
    said = queries.get(done.position)
    assert said.type == "erased"
    assert said.payload["body"] == {
        "kind": "erased", "subject": row.pseudonym, "reason": "request", "count": 1,
    }  # fmt: skip
    assert "anna" not in json.dumps(said.payload)
    assert "anna" not in erasing.listed().read_text()


def test_erasing_again_says_so_and_what_nobody_said_is_not_found():
    about("anna")
    erase()
    with pytest.raises(Problem) as again:
        erase()
    assert (again.value.status, again.value.title) == (409, "This person's data was erased")
    for subject in ("bo", "", "anna\nbo", "a" * 201, "anna\x00"):
        with pytest.raises(Problem) as unknown:
            erase(subject)
        assert unknown.value.status == 404
    with pytest.raises(Problem) as elsewhere:
        erase(workspace=2)
    assert elsewhere.value.status == 404
    assert Erasure.objects.count() == 1


def test_the_reason_is_a_code_because_words_would_stay_in_the_log():
    about("anna")
    with pytest.raises(Problem) as refused:
        erase(reason="Anna asked by phone")
    assert refused.value.status == 422
    assert queries.get(0).erased is False


def test_a_new_statement_about_an_erased_person_is_refused():
    about("anna")
    erase()
    for people in (("anna",), ("bo", "anna")):
        with pytest.raises(Problem) as refused:
            about(*people)
        assert refused.value.status == 409
    assert queries.size() == 2


def test_what_speaks_of_several_goes_with_any_of_them():
    both, one, other = about("anna", "bo"), about("anna"), about("bo")
    assert queries.get(both).payload == {"body": {"name": "said"}}
    assert about("bo", "anna") == 3  # the same two: the same key
    assert SubjectKey.objects.count() == 3
    done = erase("bo")
    assert done.count == 3
    assert [queries.get(n).erased for n in (both, one, other, 3)] == [True, False, True, True]
    assert fsck().findings == ()


def test_a_key_of_several_does_not_open_when_one_key_is_missing_even_if_its_own_bytes_are_left():
    position = about("anna", "bo")
    anna = SubjectKey.objects.get(pseudonym=vault.pseudonym(vault.opened(vault.newest_tenant(1)), "anna"))
    SubjectKey.objects.filter(pk=anna.pk).update(wrapped=b"", destroyed_at="2026-11-01T00:00:00Z")
    entry = Entry.objects.select_related("subject_key").get(position=position)
    assert (len(bytes(entry.subject_key.wrapped)), entry.subject_key.destroyed_at) == (60, None)
    with pytest.raises(queries.Unreadable):
        queries.get(position)


def test_only_who_may_erase_erases(actor, organisation):
    space = organisation.workspace_id
    about("anna", workspace=space)
    for role in Role:
        if role is not Role.OPERATOR:
            with pytest.raises(Denied):
                erase(actor=actor(role), workspace=space)
    with pytest.raises(Problem) as elsewhere:
        erase(actor=actor(Role.OPERATOR), workspace=space + 1)
    assert elsewhere.value.status == 404
    assert erase(actor=actor(Role.OPERATOR), workspace=space).count == 1


def test_projections_forget_and_a_rebuild_honours_it(registered, monkeypatch):
    from tests.apps.log.saying import Seen

    seen = Seen("seen")
    monkeypatch.setattr(projections, "_registered", {"seen": seen})
    put(1, subject="anna")
    put(2)
    projections.follow_all()
    assert seen.positions() == [0, 1]
    erase()
    assert seen.positions() == [1]
    projections.rebuild()
    assert seen.positions() == [1]


def test_what_repeats_the_erased_goes_with_it_and_published_bytes_are_taken_down(now):
    mine = about("anna", text="Anna Berg")
    purging.offer_quotes("test.score", lambda payload, erasing: erasing.quoted_in(payload))
    told = []
    purging.offer_afterwards("test", lambda *seen: told.append(seen))
    repeating, plain = put(1, kind="test.score"), put(2, kind="test.score")
    with transaction.atomic():
        said = [NewStatement(type="test.score", payload={"body": {"maker": "By Anna Berg, Malmö"}})]
        (quoting,) = append(actor=platform(), workspace=1, statements=said, now=now)
        for key, position in (("/a", quoting.position), ("/b", plain[0].position)):
            shown = {
                "text/html": b"By Anna Berg",
                "application/json": b'"Anna Berg"',
                "image/png": b"Anna Berg",
            }
            publish(key=key, forms=shown, kind="passport", position=position, now=now)
    done = erase()
    assert (done.count, done.withdrawn) == (2, ("/a",))
    assert [queries.get(n).erased for n in (mine, repeating[0].position, quoting.position)] == [
        True,
        False,
        True,
    ]
    assert [(form.status, b"Anna" in bytes(form.body)) for form in forms("/a")] == [(410, False)] * 3
    assert [(form.status, b"Anna" in bytes(form.body)) for form in forms("/b")] == [(200, True)] * 3
    assert [(seen[0], list(seen[1])) for seen in told] == [(1, ["/a"])]
    assert fsck().findings == ()


def test_only_names_lead_to_what_repeats_them(now):
    content = {
        "name": "Anna (Berg)", "policy": "Code of conduct", "lode:operator": "Bo", "mail": "a@b.example",
        "crew": ["Lund"], "signatory": "Anna Ek", "id": "https://id.gs1.org/417/9521000000004",
    }  # fmt: skip
    with transaction.atomic():
        said = [NewStatement(type="test.said", payload={"body": {"content": content}}, data_subject="anna")]
        append(actor=platform(), workspace=1, statements=said, now=now)
    found = purging.Erasing(workspace=1, statements=tuple(queries.read()), is_about=lambda _: False, now=now)
    assert found.texts == {"Anna (Berg)", "a@b.example", "Anna Ek"}
    assert found.phrases == found.texts | {"Code of conduct"}
    for text, names, phrases in (
        ("By Anna (Berg), Malmö", True, True), ("Anna Ekman", False, False), ("xAnna Ek", False, False),
        ("ANNA EK", False, False), ("a@b.example", True, True), ("a Code of conduct, signed", False, True),
        ("https://id.gs1.org/417/9521000000004", False, False),
    ):  # fmt: skip
        value = {"deep": [{"er": text}]}
        assert (found.quoted_in(value), found.quoted_in(value, phrases=True)) == (names, phrases)
    nobody = purging.Erasing(workspace=1, statements=(), is_about=lambda _: False, now=now)
    assert nobody.quoted_in({"any": "text"}, phrases=True) is False


def test_nothing_is_erased_when_the_log_cannot_say_so():
    about("anna")
    from lodeline_server.log.models import LogState

    root = bytes(LogState.objects.get().root)
    LogState.objects.update(root=b"x" * 32)
    with pytest.raises(LogInconsistent):
        erase()
    LogState.objects.update(root=root)
    assert queries.get(0).payload == {"body": {"name": "said"}}
    assert not erasing.listed().exists()
    assert Erasure.objects.count() == 0


def test_a_crash_after_the_destruction_is_finished_later(monkeypatch, now):
    about("anna")

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "complete", crash)
    with pytest.raises(KeyboardInterrupt):
        erase()
    monkeypatch.undo()
    monkeypatch.setattr(projections, "_registered", {})
    assert queries.get(0).erased is True
    assert [one.purged_at for one in erasing.unfinished()] == [None]
    (done,) = erasing.again(now)
    assert (done.position, done.left) == (1, ())
    assert erasing.unfinished() == []
    assert erasing.again(now) == []


def test_an_older_database_put_back_is_erased_again_from_the_list(now):
    position = about("anna", text="Anna Berg")
    kept = {row.pk: bytes(row.wrapped) for row in SubjectKey.objects.all()}
    erase()
    Erasure.objects.all().delete()  # as the older database was: key whole, nothing about an erasure
    for pk, wrapped in kept.items():
        SubjectKey.objects.filter(pk=pk).update(wrapped=wrapped, destroyed_at=None)
    SubjectKey.objects.filter(pk=min(kept)).update(destroyed_at=None)
    assert queries.get(position).payload == {"body": {"name": "Anna Berg"}}
    assert erasing.waiting() == 1
    (done,) = erasing.again(now)
    assert erasing.waiting() == 0
    assert (queries.get(position).erased, queries.get(done.position).payload["body"]["reason"]) == (
        True,
        "restored",
    )
    assert len(erasing.listed().read_text().splitlines()) == 1


def test_a_person_whom_the_older_database_does_not_know_stays_refused(now):
    about("bo")
    stands_for = vault.pseudonym(vault.opened(vault.newest_tenant(1)), "anna")
    erasing.listed().write_text(json.dumps({"workspace": 1, "pseudonym": stands_for}) + "\n")
    erasing.again(now)
    with pytest.raises(Problem):
        about("anna")
    assert queries.get(0).erased is False


@pytest.mark.parametrize("text", ["{", "[]\n", '{"workspace": 1}\n', "\xff"])
def test_a_damaged_list_stops_instead_of_forgetting(text, now):
    erasing.listed().write_bytes(text.encode("latin-1"))
    with pytest.raises(LogInconsistent):
        erasing.again(now)


def test_the_command_says_what_it_did(organisation, capsys, monkeypatch):
    import argparse

    from lodeline_server.log import command_erase

    about("anna", workspace=organisation.workspace_id)

    def run(*words):
        parser = argparse.ArgumentParser()
        command_erase.add_arguments(parser)
        code = command_erase.run(parser.parse_args(list(words)))
        return code, capsys.readouterr().out

    assert run("anna")[0] == 2
    assert run("anna", "--workspace", "nowhere", "--reason", "request")[0] == 2
    code, said = run("bo", "--workspace", "north", "--reason", "request", "--json")
    assert (code, json.loads(said)["status"]) == (1, 404)
    code, said = run("anna", "--workspace", "north", "--reason", "request", "--json")
    (one,) = json.loads(said)["erasures"]
    assert (code, one["count"], one["left"]) == (0, 1, [])
    assert run("anna", "--workspace", "north", "--reason", "request")[1].startswith(
        "lodeline erase: This person's"
    )
    assert run("--finish") == (0, "nothing is open\n")
    assert run("--reasons")[1].split() == list(erasing.REASONS)


def test_over_http_and_on_the_page(organisation, api_client, client_as):
    about("anna", workspace=organisation.workspace_id)
    http = api_client("operator")

    def post(**body):
        return http.post("/api/log/erasures", body, content_type="application/json")

    assert post(subject="anna", reason="because").status_code == 422
    assert post(subject="bo", reason="request").status_code == 404
    made = post(subject="anna", reason="request")
    assert (made.status_code, made.json()["count"], made.json()["position"]) == (201, 1, 1)
    assert post(subject="anna", reason="request").status_code == 409
    (listed,) = http.get("/api/log/erasures").json()["items"]
    assert (listed["reason"], listed["finished"], "anna" in json.dumps(listed)) == ("request", True, False)
    assert (
        api_client("maker").post("/api/log/erasures", {}, content_type="application/json").status_code == 403
    )
    shown = client_as("operator").get("/app/operator/erasures/")
    assert "1 person was erased here." in shown.content.decode()
    assert client_as("auditor").get("/app/operator/erasures/").status_code == 403
