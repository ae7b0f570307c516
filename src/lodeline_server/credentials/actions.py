"""The only writers of issuers, keys, credentials and status. Each writes its statement into the log with it.

They stand in `actions_keys`, `actions_dids`, `actions_issue`, `actions_kinds`, `actions_status` and `actions_wallet`;
this is where the others find them.
"""

from __future__ import annotations

from lodeline_server.credentials.actions_dids import (
    Battery,
    Moved,
    follow_trial,
    make_batteries,
    move,
    usable,
)
from lodeline_server.credentials.actions_issue import MAX_BYTES, Hidden, Issued, issue
from lodeline_server.credentials.actions_keys import PURPOSES, add_key, make_did, revoke_key, rotate_key
from lodeline_server.credentials.actions_kinds import issue_kind
from lodeline_server.credentials.actions_status import set_status
from lodeline_server.credentials.actions_wallet import hang, take_in

__all__ = [
    "MAX_BYTES",
    "PURPOSES",
    "Battery",
    "Hidden",
    "Issued",
    "Moved",
    "add_key",
    "follow_trial",
    "hang",
    "issue",
    "issue_kind",
    "make_batteries",
    "make_did",
    "move",
    "revoke_key",
    "rotate_key",
    "set_status",
    "take_in",
    "usable",
]
