"""Who may do what: roles, permissions and the actor every writing function is given.

Visibility inside a workspace follows from the role; nothing is visible across workspaces.
A supplier sees its own organisation's objects only.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Role(StrEnum):
    """The part a person or a key plays in a workspace."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    MAKER = "maker"
    QUALITY = "quality"
    AUDITOR = "auditor"
    REGULATOR = "regulator"
    RECYCLER = "recycler"
    FINANCIER = "financier"
    OPERATOR = "operator"


class Permission(StrEnum):
    """One verb on one noun. Pages, endpoints, commands and actions ask for exactly one."""

    HOME_VIEW = "home.view"
    CAPTURE_SUBMIT = "capture.submit"
    CAPTURE_VIEW = "capture.view"
    EVENTS_SUBSCRIBE = "events.subscribe"
    LOTS_VIEW = "lots.view"
    CASES_VIEW = "cases.view"
    CASES_COMMENT = "cases.comment"
    CASES_WORK = "cases.work"
    CUSTODY_READ = "custody.read"
    CUSTODY_BOOK = "custody.book"
    CUSTODY_CLOSE = "custody.close"
    CUSTODY_RULES = "custody.rules"
    RECALLS_VIEW = "recalls.view"
    RECALLS_RUN = "recalls.run"
    PASSPORTS_VIEW = "passports.view"
    PASSPORTS_ISSUE = "passports.issue"
    PARTIES_VIEW = "parties.view"
    SCORES_VIEW = "scores.view"
    SCORES_RUN = "scores.run"
    EVIDENCE_VIEW = "evidence.view"
    LOG_VIEW = "log.view"
    AUDIT_VIEW = "audit.view"
    MEMBERS_MANAGE = "members.manage"
    KEYS_MANAGE = "keys.manage"
    OPERATE = "operate"
    PERSONS_ERASE = "persons.erase"
    CREDENTIALS_VERIFY = "credentials.verify"
    CREDENTIALS_ISSUE = "credentials.issue"
    CREDENTIALS_TRUST = "credentials.trust"


P = Permission
_READ_CHAIN = {
    P.HOME_VIEW,
    P.CAPTURE_VIEW,
    P.LOTS_VIEW,
    P.PASSPORTS_VIEW,
    P.PARTIES_VIEW,
    P.EVIDENCE_VIEW,
    P.LOG_VIEW,
    P.CREDENTIALS_VERIFY,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.BUYER: frozenset(
        _READ_CHAIN
        | {P.SCORES_VIEW, P.SCORES_RUN, P.RECALLS_VIEW, P.CAPTURE_SUBMIT, P.CREDENTIALS_TRUST}
        | {P.EVENTS_SUBSCRIBE, P.CASES_VIEW, P.CASES_COMMENT, P.CASES_WORK, P.CUSTODY_READ, P.CUSTODY_RULES}
    ),
    Role.SUPPLIER: frozenset(
        _READ_CHAIN
        | {P.SCORES_VIEW, P.CAPTURE_SUBMIT, P.KEYS_MANAGE, P.CREDENTIALS_ISSUE, P.EVENTS_SUBSCRIBE}
        | {P.CASES_VIEW, P.CASES_COMMENT, P.CUSTODY_READ, P.CUSTODY_BOOK, P.CUSTODY_CLOSE}
    ),
    Role.MAKER: frozenset(
        _READ_CHAIN
        | {P.SCORES_VIEW, P.RECALLS_VIEW, P.RECALLS_RUN, P.PASSPORTS_ISSUE, P.CAPTURE_SUBMIT, P.KEYS_MANAGE}
        | {P.CREDENTIALS_ISSUE, P.CREDENTIALS_TRUST, P.EVENTS_SUBSCRIBE}
        | {P.CASES_VIEW, P.CASES_COMMENT, P.CASES_WORK}
        | {P.CUSTODY_READ, P.CUSTODY_BOOK, P.CUSTODY_CLOSE, P.CUSTODY_RULES}
    ),
    Role.QUALITY: frozenset(
        _READ_CHAIN
        | {P.SCORES_VIEW, P.RECALLS_VIEW, P.RECALLS_RUN, P.CAPTURE_SUBMIT, P.EVENTS_SUBSCRIBE}
        | {P.CASES_VIEW, P.CASES_COMMENT, P.CASES_WORK, P.CUSTODY_READ}
    ),
    Role.AUDITOR: frozenset(
        _READ_CHAIN
        | {
            P.SCORES_VIEW,
            P.RECALLS_VIEW,
            P.CAPTURE_SUBMIT,
            P.AUDIT_VIEW,
            P.CASES_VIEW,
            P.CASES_COMMENT,
            P.CASES_WORK,
        }
        | {P.CUSTODY_READ, P.CUSTODY_RULES}
    ),
    Role.REGULATOR: frozenset(
        {P.HOME_VIEW, P.PASSPORTS_VIEW, P.LOTS_VIEW, P.RECALLS_VIEW, P.LOG_VIEW, P.EVIDENCE_VIEW}
        | {P.CREDENTIALS_VERIFY, P.CUSTODY_READ}
    ),
    Role.RECYCLER: frozenset(
        {P.HOME_VIEW, P.PASSPORTS_VIEW, P.CAPTURE_SUBMIT, P.CAPTURE_VIEW, P.LOG_VIEW}
        | {P.CREDENTIALS_VERIFY, P.CREDENTIALS_ISSUE, P.EVENTS_SUBSCRIBE}
    ),
    Role.FINANCIER: frozenset({P.HOME_VIEW, P.SCORES_VIEW, P.PARTIES_VIEW, P.LOG_VIEW, P.CREDENTIALS_VERIFY}),
    Role.OPERATOR: frozenset(
        {
            P.HOME_VIEW,
            P.CAPTURE_VIEW,
            P.EVENTS_SUBSCRIBE,
            P.LOG_VIEW,
            P.AUDIT_VIEW,
            P.MEMBERS_MANAGE,
            P.KEYS_MANAGE,
            P.OPERATE,
            P.PERSONS_ERASE,
            P.CREDENTIALS_VERIFY,
            P.CREDENTIALS_ISSUE,
            P.CREDENTIALS_TRUST,
        }
    ),
}


class Denied(Exception):  # noqa: N818
    """The actor lacks the permission; the edge answers 403."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"this needs the permission {permission.value}")
        self.permission = permission


@frozen(kw_only=True)
class Actor:
    """Who acts: a signed-in person, an API key, or the platform itself. Opaque ids only.

    `party` is the organisation's identifier in supply-chain data (GLN Digital Link or other URI).
    `scopes` narrows a key; None means no narrowing.
    """

    kind: str
    id: str
    name: str = ""
    workspace: int | None = None
    organisation: int | None = None
    party: str = ""
    role: Role | None = None
    scopes: frozenset[Permission] | None = None

    def may(self, permission: Permission) -> bool:
        if self.kind == "platform":
            return True
        if self.role is None or self.workspace is None:
            return False
        if self.scopes is not None and permission not in self.scopes:
            return False
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise `Denied` unless the actor has `permission`."""
        if not self.may(permission):
            raise Denied(permission)

    def may_append(self, workspace: int) -> bool:
        """Nobody writes into another workspace's part of the log; the platform may write into any."""
        return self.workspace == workspace or (self.kind == "platform" and self.workspace is None)

    @property
    def only_own(self) -> bool:
        """True when the actor sees its own organisation's objects only."""
        return self.role is Role.SUPPLIER


def platform(workspace: int | None = None) -> Actor:
    """The platform acting for itself: projections, nightly work, demo loading."""
    return Actor(kind="platform", id="platform", name="Lodeline", workspace=workspace)
