"""The runner of the W3C suites, without the suites: what it makes of their folder, of mocha's report, of the record."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from ssl import create_default_context

import pytest
from benchmarks import w3c_suites
from conformance.w3c import results, run, servers, suites
from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
RUN = suites.RUNS[0]


def test_without_a_folder_they_are_skipped_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.delenv("LODELINE_SUITES", raising=False)
    for named, why in ((None, "names no folder"), (str(tmp_path / "none"), "which is no folder")):
        if named:
            monkeypatch.setenv("LODELINE_SUITES", named)
        (only,) = w3c_suites.bars()
        assert (only["verdict"], only["figure"]) == ("skipped", "not run")
        assert why in only["detail"]


@pytest.fixture
def lying(tmp_path):
    """Folders as the suites lie there."""
    for name in (*suites.FOLDERS, *suites.OTHERS):
        home = tmp_path / "suites" / name
        (home / "tests").mkdir(parents=True)
        (home / "node_modules" / "old").mkdir(parents=True)
        (home / "tests" / "01.js").write_text("it('is', () => {});\n")
        needs = {"chai": "^4.3.6", suites.OTHERS[0]: f"github:w3c/{suites.OTHERS[0]}"}
        package = {
            "name": name,
            "dependencies": needs,
            "devDependencies": {"mocha": "^10.0.0", "eslint": "^8"},
        }
        (home / "package.json").write_text(json.dumps(package))
    return tmp_path / "suites"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_suites_are_copied_and_the_originals_stay_as_they_are(lying, tmp_path):
    before = contents(lying)
    room = suites.copied(lying, tmp_path / "work")
    assert contents(lying) == before
    package = json.loads((room / RUN.folder / "package.json").read_text())
    assert package["dependencies"] == {
        "chai": "^4.3.6", "mocha": "^10.0.0", suites.OTHERS[0]: f"file:../{suites.OTHERS[0]}",
    }  # fmt: skip
    assert not (room / RUN.folder / "node_modules").exists()
    (room / "ready").touch()  # as after an installation
    (room / RUN.folder / "kept").touch()
    assert suites.copied(lying, tmp_path / "work") == room
    assert (room / RUN.folder / "kept").exists()
    (lying / RUN.folder / "tests" / "01.js").write_text("changed")
    fresh = suites.copied(lying, tmp_path / "work")
    assert fresh != room
    assert not room.exists()


def test_what_cannot_be_installed_is_named(lying, tmp_path):
    package = {"name": "one", "dependencies": {"other": "github:someone/other", "mocha": "^10"}}
    with pytest.raises(suites.UnusableError, match="github:someone/other"):
        suites.installable(package)
    with pytest.raises(suites.UnusableError, match="which mocha"):
        suites.installable({"name": "one", "dependencies": {}})
    (lying / suites.OTHERS[1] / "package.json").unlink()
    with pytest.raises(suites.UnusableError, match=suites.OTHERS[1]):
        suites.copied(lying, tmp_path / "work")


def one(title, **more):
    return {"fullTitle": title, **more}


def report(passed=(), failed=(), pending=()):
    """As mocha's JSON reporter writes it."""
    failures = [one(title, err={"message": f"{title}\n  went wrong"}) for title in failed]
    return {"passes": list(map(one, passed)), "failures": failures, "pending": list(map(one, pending))}


def test_a_failed_hook_is_no_executed_test():
    hook = 'Types Lodeline "before all" hook for "has a type"'
    found = results.read(report(["A  a", "B b", "A a"], ["C c", hook], ["D d"]))
    assert found.passed == ["A a", "B b", "A a (2)"]
    assert found.counts() == {"executed": 4, "passed": 3, "failed": 1, "pending": 1, "broken": 1}
    assert found.failed == {"C c": "C c went wrong"}
    assert found.broken == {hook: f"{hook} went wrong"}
    assert results.gained(found, results.read(report(["A a", "C c"]))) == 2
    told = found.as_dict()
    assert [test["result"] for test in told["tests"]] == [
        "passed", "passed", "passed", "failed", "pending", "never called",
    ]  # fmt: skip


KNOWN = {"commit": "c0ffee", "lodeline": {"executed": 3}, "misses": {"C c": "the suite is wrong"}}
REFUSED = results.read(report(["B b"], ["A a", "C c"]))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (report(["A a", "B b"], ["C c"]), None),
        (report(["A a", "B b", "E e"], ["C c"]), None),
        (report(["A a"], ["C c"]), "2 tests were executed; 3 are on record"),
        (report(["A a"], ["C c"], ["B b"]), "2 tests were executed; 3 are on record"),
        (report(["A a"], ["B b", "C c"]), "failed: B b"),
        (report(["A a", "B b"], ["C c", 'D "before all" hook for "d"']), "never called"),
        (report(["A a", "B b", "C c"]), "no miss any more: C c"),
        (report(), "0 tests were executed"),
    ],
    ids=["good", "more", "fewer", "pending", "failed", "hook", "a miss that passes", "nothing"],
)
def test_a_run_is_judged_by_what_is_on_record(said, word):
    found = {"lodeline": results.read(said), "refusing": REFUSED}
    told = w3c_suites.judged(RUN, found, KNOWN, "c0ffee")
    assert told["verdict"] == ("met" if word is None else "missed")
    assert (word or "C c: the suite is wrong") in told["detail"]
    assert "refused 1 of 3" in told["figure"]
    assert ("on record is c0ffee" in w3c_suites.judged(RUN, found, KNOWN, "decaf")["detail"]) is True
    assert run.said(RUN, found, KNOWN).startswith("vc-data-model-2.0: ")


def test_errors_of_the_server_count():
    """A test that asks for a refusal is content with a 500; we are not."""
    import logging

    from lodeline_server.kit.logging import formatter

    def line(level, word, exc_info=None):
        return formatter().format(logging.LogRecord("django.request", level, "", 1, word, None, exc_info))

    try:
        {}["missing"]
    except KeyError as error:
        seen = (KeyError, error, error.__traceback__)
    log = [
        "lodeline: ready",
        "{ no json",
        line(logging.WARNING, "slow"),
        line(logging.ERROR, "went wrong", seen),
    ]
    faults = servers.read_faults("\n".join(log))
    assert faults == ["went wrong KeyError: 'missing'"]
    found = results.read(report(["A a", "B b"], ["C c"]), faults)
    assert results.wrong(found, KNOWN) == ["an error of the server: went wrong KeyError: 'missing'"]
    assert found.as_dict()["faults"] == faults


def test_the_record_is_whole_and_in_the_documentation():
    known = results.record()
    assert list(known) == [each.name for each in suites.RUNS]
    for each in suites.RUNS:
        kept = known[each.name]
        assert (kept["folder"], kept["tags"]) == (each.folder, each.tags)
        assert kept["lodeline"]["failed"] == len(kept.get("misses", {}))
        assert kept["lodeline"]["broken"] == 0
    page = (ROOT / "docs" / "how-to" / "w3c-suites.md").read_text()
    assert results.table(known) in page
    assert all(cause in page for kept in known.values() for cause in kept.get("misses", {}).values())


def ask(server, path, body=None):
    trust = create_default_context(cafile=server.certificate)
    request = urllib.request.Request(server.base + path, body)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10, context=trust)
    return caught.value.code, json.loads(caught.value.read())


def test_the_other_server_refuses_everything():
    with servers.refusing() as server:
        for path in ("/credentials/issue", "/credentials/verify", "/presentations/verify"):
            status, said = ask(server, path, b'{"credential": {}}')
            assert (status, said["verified"]) == (400, False)
            assert said["errors"]
        assert ask(server, "/credentials/status/1")[0] == 404


@pytest.fixture
def node():
    tools = suites.node()
    if tools is None:
        missing("node")
    return lambda code, **more: json.loads(
        subprocess.run(
            [str(tools / "node"), "-p", f"JSON.stringify({code})"], cwd=suites.HERE, env={**os.environ, **more},
            text=True, capture_output=True, check=True,
        ).stdout
    )  # fmt: skip


def test_each_run_calls_an_address_of_ours_for_each_of_its_tags(node):
    for each in suites.RUNS:
        made = node(
            "require('./localConfig.cjs')",
            SUITE_BASE="https://here", SUITE_ISSUER="did:key:z1", SUITE_NAME="L", SUITE_TAGS=each.tags,
        )  # fmt: skip
        assert made["settings"] == {"enableInteropTests": False, "testAllImplementations": False}
        (only,) = made["implementations"]
        assert only["name"] == "L"
        for tag in each.tags.split(","):
            for kind in ("issuers", "verifiers", "vpVerifiers"):
                (there,) = [end for end in only[kind] if tag in end["tags"]]
                assert there["endpoint"].startswith("https://here/")
                assert there["id"] == "did:key:z1"


def test_what_newer_versions_of_node_do_not_clone(node):
    before = f"--require {suites.HERE / 'preload.cjs'}"
    code = "structuredClone({a: [new URL('https://here/')], b: new Date(0), c: new Map([[1, 2]]).size})"
    assert node(code, NODE_OPTIONS=before) == {"a": [{}], "b": "1970-01-01T00:00:00.000Z", "c": 1}
    refused = "(() => { try { structuredClone(() => 1); return 'cloned'; } catch(e) { return e.name; } })()"
    assert node(refused, NODE_OPTIONS=before) == "DataCloneError"
