"""Keystead's own catalogue: every operation that a credential may be allowed, with its sentence.

The names are frozen: they stand in stored credentials. Rows S15, S16 and C8 of docs/features.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BEARERS",
    "CLIENTS",
    "KEYSTEAD_API",
    "KINDS_FOR",
    "RESOURCES",
    "SENTENCES",
    "Permission",
]

KEYSTEAD_API: Final = "keystead"


class Permission(StrEnum):
    """One operation on one resource, written `<resource>:<action>`."""

    ACCOUNTS_LIST = "accounts:list"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_CREATE = "accounts:create"
    ACCOUNTS_EDIT = "accounts:edit"
    ACCOUNTS_DELETE = "accounts:delete"
    FOLDERS_LIST = "folders:list"
    FOLDERS_EDIT = "folders:edit"
    FOLDERS_DELETE = "folders:delete"
    SECRETS_READ = "secrets:read"
    SECRETS_WRITE = "secrets:write"
    SECRETS_ROTATE = "secrets:rotate"
    CHECKOUTS_LIST = "checkouts:list"
    CHECKOUTS_CREATE = "checkouts:create"
    CHECKOUTS_RETURN = "checkouts:return"
    CHECKOUTS_APPROVE = "checkouts:approve"
    CHECKOUTS_FORCE = "checkouts:force"
    CREDENTIALS_LIST = "credentials:list"
    CREDENTIALS_READ = "credentials:read"
    CREDENTIALS_CREATE = "credentials:create"
    CREDENTIALS_EDIT = "credentials:edit"
    CREDENTIALS_ROTATE = "credentials:rotate"
    CREDENTIALS_REVOKE = "credentials:revoke"
    CREDENTIALS_DELETE = "credentials:delete"
    OWNERS_LIST = "owners:list"
    OWNERS_READ = "owners:read"
    OWNERS_EDIT = "owners:edit"
    APIS_LIST = "apis:list"
    APIS_READ = "apis:read"
    APIS_EDIT = "apis:edit"
    AUDIT_READ = "audit:read"
    AUDIT_EXPORT = "audit:export"
    TOKENS_VERIFY = "tokens:verify"
    TOKENS_ASSERT_IP = "tokens:assert-ip"
    SETTINGS_READ = "settings:read"
    SETTINGS_EDIT = "settings:edit"
    SELF_ROTATE = "self:rotate"

    @property
    def resource(self) -> str:
        """The part before the colon."""
        return self.value.partition(":")[0]

    @property
    def action(self) -> str:
        """The part after the colon."""
        return self.value.partition(":")[2]


SENTENCES: Final[Mapping[Permission, str]] = {
    Permission.ACCOUNTS_LIST: "List the accounts of visible folders, without values.",
    Permission.ACCOUNTS_READ: "Read one account's description and its versions, without values.",
    Permission.ACCOUNTS_CREATE: "Add an account to a folder.",
    Permission.ACCOUNTS_EDIT: "Change an account's description or move it.",
    Permission.ACCOUNTS_DELETE: "Delete an account and its sealed values.",
    Permission.FOLDERS_LIST: "List visible folders and read one.",
    Permission.FOLDERS_EDIT: "Make, rename, move and share folders.",
    Permission.FOLDERS_DELETE: "Delete an empty folder.",
    Permission.SECRETS_READ: "Fetch a secret value.",
    Permission.SECRETS_WRITE: "Store a new version of a secret value.",
    Permission.SECRETS_ROTATE: "Change a password on its target now.",
    Permission.CHECKOUTS_LIST: "List check-outs.",
    Permission.CHECKOUTS_CREATE: "Check an account out.",
    Permission.CHECKOUTS_RETURN: "Check an account in.",
    Permission.CHECKOUTS_APPROVE: "Approve or deny a check-out.",
    Permission.CHECKOUTS_FORCE: "Force a check-out to end.",
    Permission.CREDENTIALS_LIST: "List credentials, without their secrets.",
    Permission.CREDENTIALS_READ: "Read one credential, its secrets' ages and its use.",
    Permission.CREDENTIALS_CREATE: "Issue a credential.",
    Permission.CREDENTIALS_EDIT: "Change a credential's name, scopes, networks or end.",
    Permission.CREDENTIALS_ROTATE: "Give a credential a new secret.",
    Permission.CREDENTIALS_REVOKE: "Revoke, disable or enable a credential.",
    Permission.CREDENTIALS_DELETE: "Delete a credential.",
    Permission.OWNERS_LIST: "List users, applications and groups.",
    Permission.OWNERS_READ: "Read one user, application or group.",
    Permission.OWNERS_EDIT: "Add, change and disable users and applications; change groups.",
    Permission.APIS_LIST: "List API catalogues.",
    Permission.APIS_READ: "Read one API catalogue.",
    Permission.APIS_EDIT: "Register and change API catalogues.",
    Permission.AUDIT_READ: "Read and verify the audit.",
    Permission.AUDIT_EXPORT: "Export the audit.",
    Permission.TOKENS_VERIFY: "Ask whether a presented credential is good.",
    Permission.TOKENS_ASSERT_IP: "Say which client address a verified credential came from.",
    Permission.SETTINGS_READ: "Read the organisation's settings.",
    Permission.SETTINGS_EDIT: "Change the organisation's settings.",
    Permission.SELF_ROTATE: "Let a credential give itself a new secret.",
}


def _by_resource() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for permission in Permission:
        found[permission.resource] = (*found.get(permission.resource, ()), permission.action)
    return found


RESOURCES: Final[Mapping[str, tuple[str, ...]]] = _by_resource()
"""Each resource with its actions, in the catalogue's order."""

BEARERS: Final = frozenset({"api_token", "api_key", "user_token", "access_token", "session"})
"""The credential kinds that may act on Keystead's own API; an OAuth client's secret may not."""

CLIENTS: Final = frozenset({"oauth_client"})
"""The kind that only asks for tokens, and asks about them."""

KINDS_FOR: Final[Mapping[Permission, frozenset[str]]] = {
    **dict.fromkeys(Permission, BEARERS),
    # A browser session and an access token rotate nothing of their own; they end.
    Permission.SELF_ROTATE: BEARERS - {"session", "access_token"},
    # A resource server introspects with a client's secret (RFC 7662 §2.1).
    Permission.TOKENS_VERIFY: BEARERS | CLIENTS,
    Permission.TOKENS_ASSERT_IP: BEARERS | CLIENTS,
}
"""The permission × kind table: which kinds of credential may use a permission at all."""
