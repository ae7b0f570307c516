"""The only writers of issuers, keys, credentials and status. Each writes its statement into the log with it.

They stand in `actions_keys`, `actions_issue` and `actions_status`; this is where the others find them.
"""

from __future__ import annotations

from lodeline_server.credentials.actions_issue import MAX_BYTES, Issued, issue
from lodeline_server.credentials.actions_keys import PURPOSES, add_key, revoke_key
from lodeline_server.credentials.actions_status import set_status

__all__ = ["MAX_BYTES", "PURPOSES", "Issued", "add_key", "issue", "revoke_key", "set_status"]
