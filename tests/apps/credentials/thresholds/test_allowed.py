"""The allow-list of an installation: the law's claims, and those of a file that is read at the start."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from lodeline.credentials.thresholds.law import LAW
from lodeline_server.credentials.thresholds import allowed

RULE = {"id": "contract-lead", "kind": "value", "path": "/credentialSubject/massShareLead", "unit": "%", "scale": 4,
        "operator": "<=", "threshold": "0.005", "bits": 20, "source": "contract 7, annex 2"}  # fmt: skip


@pytest.fixture
def listed(settings, tmp_path):
    def read(text):
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        file.write_text(text)
        settings.THRESHOLD_CLAIMS = str(file)
        return allowed.policy()

    return read


def test_contracts_add_to_the_law(listed):
    policy = listed(json.dumps([RULE]))
    assert policy.claims[:-1] == LAW.claims
    assert (policy.claim("contract-lead").source, policy.claim("contract-lead").steps) == (RULE["source"], 50)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "{}", "[1]", "[null]", json.dumps([{**RULE, "source": " "}]), json.dumps([{**RULE, "threshold": 1}]),
        json.dumps([RULE, RULE]), json.dumps([{**RULE, "id": "recycled-cobalt-2031"}]),
        json.dumps([{**RULE, "threshold": "0.00001"}]), json.dumps([{**RULE, "more": "x"}]),
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_told_with_its_file(listed, wrong):
    with pytest.raises(ImproperlyConfigured, match=r"LODELINE_THRESHOLD_CLAIMS|a list of claims"):
        listed(wrong)


def test_it_stops_the_start(tmp_path):
    file = tmp_path / "claims.json"
    file.write_text("{")
    known = os.environ | {"LODELINE_THRESHOLD_CLAIMS": str(file), "LODELINE_DATA": str(tmp_path)}
    start = "from lodeline_server.kit import setup; setup.django(lean=True)"
    done = subprocess.run(
        [sys.executable, "-c", start], env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert str(file) in done.stderr
