"""The whole URL map on one screen: each route with its operation, its Structs and its status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from keystead.api import accounts, audit, credentials, folders, owners, secrets, whoami
from keystead.api.credential_shapes import (
    CredentialAnswer,
    CredentialEdit,
    CredentialList,
    CredentialNew,
    CredentialQueryBody,
    IssuedAnswer,
    RotationBody,
    SecretList,
    SelfRotationBody,
)
from keystead.gate.operation import Operation
from keystead.operations import accounts as account_verbs
from keystead.operations import audit as audit_verbs
from keystead.operations import credentials as credential_verbs
from keystead.operations import folders as folder_verbs
from keystead.operations import owners as owner_verbs
from keystead.operations import secrets as secret_verbs
from keystead.operations.whoami import whoami as whoami_verb
from keystead.web.call import Answer, Call

__all__ = ["ROUTES", "Route"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    Attributes:
        verb: the operation behind it; what it needs and how it is told stands there.
        handler: decodes, asks, answers.
        body: the Struct of its JSON body; None where it takes none.
        query: the Struct of its parameters; None where it takes none.
        answer: the Struct of its JSON answer; None where the answer has no body.
        status: of success.
        optional_body: the body may be left out.
        text: answers `text/plain` too, when asked.
    """

    method: str
    path: str
    verb: Operation[Any, Any]
    handler: Callable[[Call], Awaitable[Answer]]
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    answer: type[Struct] | None = None
    status: int = 200
    optional_body: bool = False
    text: bool = False


V1: Final = "/api/v1"
_C, _A, _F = f"{V1}/credentials", f"{V1}/accounts", f"{V1}/folders"
_c, _a, _f, _o, _s = credential_verbs, account_verbs, folder_verbs, owner_verbs, secret_verbs

# fmt: off
ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/api/", whoami_verb, whoami.root, answer=whoami.Root),
    Route("GET", f"{V1}/whoami", whoami_verb, whoami.whoami, answer=whoami.WhoAmI),

    Route("GET", _C, _c.list_credentials, credentials.list_all, query=CredentialQueryBody, answer=CredentialList),
    Route("POST", _C, _c.create_credential, credentials.create, CredentialNew, answer=IssuedAnswer, status=201),
    Route("GET", f"{_C}/{{id}}", _c.read_credential, credentials.read, answer=CredentialAnswer),
    Route("PATCH", f"{_C}/{{id}}", _c.edit_credential, credentials.edit, CredentialEdit, answer=CredentialAnswer),
    Route("DELETE", f"{_C}/{{id}}", _c.delete_credential, credentials.delete, status=204),
    Route("POST", f"{_C}/{{id}}/rotate", _c.rotate_credential, credentials.rotate, RotationBody, answer=IssuedAnswer, optional_body=True),
    Route("POST", f"{_C}/{{id}}/revoke", _c.revoke_credential, credentials.revoke, answer=CredentialAnswer),
    Route("POST", f"{_C}/{{id}}/disable", _c.disable_credential, credentials.disable, answer=CredentialAnswer),
    Route("POST", f"{_C}/{{id}}/enable", _c.enable_credential, credentials.enable, answer=CredentialAnswer),
    Route("GET", f"{_C}/{{id}}/secrets", _c.read_credential, credentials.secrets, answer=SecretList),
    Route("POST", f"{V1}/self/rotate", _c.rotate_self, credentials.rotate_self, SelfRotationBody, answer=IssuedAnswer, optional_body=True),
    Route("POST", f"{V1}/self/revoke", _c.revoke_self, credentials.revoke_self, status=204),

    Route("GET", f"{V1}/owners", _o.list_owners, owners.list_all, query=owners.OwnerQueryBody, answer=owners.OwnerList),
    Route("POST", f"{V1}/owners", _o.create_owner, owners.create, owners.OwnerNew, answer=owners.OwnerAnswer, status=201),
    Route("GET", f"{V1}/owners/{{id}}", _o.read_owner, owners.read, answer=owners.OwnerAnswer),
    Route("PATCH", f"{V1}/owners/{{id}}", _o.edit_owner, owners.edit, owners.OwnerEdit, answer=owners.OwnerAnswer),

    Route("GET", _F, _f.list_folders, folders.list_all, query=folders.FolderQueryBody, answer=folders.FolderList),
    Route("POST", _F, _f.create_folder, folders.create, folders.FolderNew, answer=folders.FolderAnswer, status=201),
    Route("GET", f"{_F}/{{id}}", _f.read_folder, folders.read, answer=folders.FolderAnswer),
    Route("PATCH", f"{_F}/{{id}}", _f.edit_folder, folders.edit, folders.FolderEdit, answer=folders.FolderAnswer),
    Route("DELETE", f"{_F}/{{id}}", _f.delete_folder, folders.delete, status=204),

    Route("GET", _A, _a.list_accounts, accounts.list_all, query=accounts.AccountQueryBody, answer=accounts.AccountList),
    Route("POST", _A, _a.create_account, accounts.create, accounts.AccountNew, answer=accounts.AccountAnswer, status=201),
    Route("GET", f"{_A}/{{id}}", _a.read_account, accounts.read, answer=accounts.AccountAnswer),
    Route("PATCH", f"{_A}/{{id}}", _a.edit_account, accounts.edit, accounts.AccountEdit, answer=accounts.AccountAnswer),
    Route("DELETE", f"{_A}/{{id}}", _a.delete_account, accounts.delete, status=204),
    Route("GET", f"{_A}/{{id}}/versions", _a.list_versions, accounts.versions, query=accounts.VersionQueryBody, answer=accounts.VersionList),

    Route("GET", f"{_A}/{{id}}/secret", _s.fetch_secret, secrets.fetch, query=secrets.SecretQueryBody, answer=secrets.SecretValue, text=True),
    Route("PUT", f"{_A}/{{id}}/secret", _s.store_secret, secrets.store, secrets.SecretWrite, answer=secrets.SecretStored),
    Route("GET", f"{V1}/secrets/{{path:path}}", _s.fetch_secret_at, secrets.fetch_at, query=secrets.SecretQueryBody, answer=secrets.SecretValue, text=True),

    Route("GET", f"{V1}/audit/events", audit_verbs.list_events, audit.events, query=audit.EventQueryBody, answer=audit.EventList),
    Route("GET", f"{V1}/audit/export", audit_verbs.begin_export, audit.export, query=audit.ExportQueryBody),
    Route("GET", f"{V1}/audit/verify", audit_verbs.begin_verification, audit.verify, answer=audit.VerificationAnswer),
)
# fmt: on
"""Every route that asks the gate; `door` adds the open ones: health and the API's own description."""
