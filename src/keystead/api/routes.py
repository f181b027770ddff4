"""The whole URL map on one screen: each route with its operation, its Structs and its status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from keystead.api import settings, signing_keys, verification, whoami
from keystead.api.audit import handlers as audit
from keystead.api.catalogue import handlers as apis
from keystead.api.catalogue.answers import APIAnswer, APIEdited, APIList, EffectAnswer
from keystead.api.catalogue.bodies import APIEdit, APINew, APIQueryBody, ChangeQueryBody
from keystead.api.credentials import handlers as credentials
from keystead.api.credentials import imports, usage
from keystead.api.credentials.answers import (
    CredentialAnswer,
    CredentialList,
    CredentialSummary,
    Imported,
    IssuedAnswer,
    SecretList,
)
from keystead.api.credentials.bodies import (
    CredentialEdit,
    CredentialNew,
    CredentialQueryBody,
    ImportBody,
    RefreshBody,
    RotationBody,
    SelfRotationBody,
)
from keystead.api.owners import groups, roles
from keystead.api.owners import handlers as owners
from keystead.api.owners.bodies import (
    OwnerAnswer,
    OwnerEdit,
    OwnerKept,
    OwnerList,
    OwnerNew,
    OwnerQueryBody,
    PasswordChange,
)
from keystead.api.owners.groups import (
    GroupAnswer,
    GroupEdit,
    GroupList,
    GroupNew,
    GroupQueryBody,
)
from keystead.api.vault import accounts, folders, secrets
from keystead.gate.acts.operation import Operation, Told
from keystead.operations import audit as audit_verbs
from keystead.operations import settings as setting_verbs
from keystead.operations import signing_keys as signing_key_verbs
from keystead.operations.catalogue import apis as api_verbs
from keystead.operations.catalogue import changes as api_changes
from keystead.operations.credentials import credentials as credential_verbs
from keystead.operations.credentials import importing as import_verbs
from keystead.operations.credentials import rotation as rotation_verbs
from keystead.operations.credentials import usage as usage_verbs
from keystead.operations.credentials import verification as verification_verbs
from keystead.operations.owners import groups as group_verbs
from keystead.operations.owners import owners as owner_verbs
from keystead.operations.owners import passwords as password_verbs
from keystead.operations.owners import roles as role_verbs
from keystead.operations.vault import accounts as account_verbs
from keystead.operations.vault import folders as folder_verbs
from keystead.operations.vault import secrets as secret_verbs
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
        outcomes: further statuses that carry the same answer.
        sessions: a browser's session may ask; elsewhere its cookie is refused.
        preview: the Struct that `?dry_run=true` answers with 200, where it is not `answer`.
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
    outcomes: tuple[int, ...] = ()
    sessions: bool = False
    preview: type[Struct] | None = None

    @property
    def changes(self) -> bool:
        """Whether it changes anything, so that it may be asked for again under a key."""
        return self.method != "GET" and self.verb.told is Told.ENTERED


V1: Final = "/api/v1"
_C, _A, _F, _G = f"{V1}/credentials", f"{V1}/accounts", f"{V1}/folders", f"{V1}/groups"
_P: Final = f"{V1}/apis"
_K: Final = f"{V1}/signing-keys"
_c, _a, _f, _o, _s = credential_verbs, account_verbs, folder_verbs, owner_verbs, secret_verbs
_g, _p, _k = group_verbs, api_verbs, signing_key_verbs

# fmt: off
ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/api/", whoami_verb, whoami.root, answer=whoami.Root, sessions=True),
    Route("GET", f"{V1}/whoami", whoami_verb, whoami.whoami, answer=whoami.WhoAmI),

    Route("GET", _C, _c.list_credentials, credentials.list_all, query=CredentialQueryBody, answer=CredentialList),
    Route("POST", _C, _c.create_credential, credentials.create, CredentialNew, answer=IssuedAnswer, status=201),
    Route("GET", f"{_C}/summary", _c.summarise_credentials, credentials.summary, answer=CredentialSummary),
    Route("GET", f"{_C}/{{id}}", _c.read_credential, credentials.read, answer=CredentialAnswer),
    Route("PATCH", f"{_C}/{{id}}", _c.edit_credential, credentials.edit, CredentialEdit, answer=CredentialAnswer),
    Route("DELETE", f"{_C}/{{id}}", _c.delete_credential, credentials.delete, status=204),
    Route("POST", f"{_C}/{{id}}/rotate", rotation_verbs.rotate_credential, credentials.rotate, RotationBody, answer=IssuedAnswer, optional_body=True),
    Route("POST", f"{_C}/{{id}}/refresh", rotation_verbs.refresh_credential, credentials.refresh, RefreshBody, answer=IssuedAnswer, optional_body=True),
    Route("POST", f"{_C}/{{id}}/revoke", _c.revoke_credential, credentials.revoke, answer=CredentialAnswer),
    Route("POST", f"{_C}/{{id}}/disable", _c.disable_credential, credentials.disable, answer=CredentialAnswer),
    Route("POST", f"{_C}/{{id}}/enable", _c.enable_credential, credentials.enable, answer=CredentialAnswer),
    Route("GET", f"{_C}/{{id}}/usage", usage_verbs.read_usage, usage.usage, query=usage.UsageQueryBody, answer=usage.UsageList),
    Route("GET", f"{_C}/{{id}}/secrets", _c.read_credential, credentials.secrets, answer=SecretList),
    Route("POST", f"{V1}/import/legacy-digests", import_verbs.import_legacy, imports.legacy_digests, ImportBody, answer=Imported, status=201),
    Route("POST", f"{V1}/self/rotate", rotation_verbs.rotate_self, credentials.rotate_self, SelfRotationBody, answer=IssuedAnswer, optional_body=True),
    Route("POST", f"{V1}/self/revoke", _c.revoke_self, credentials.revoke_self, status=204),
    Route("POST", f"{V1}/self/password", password_verbs.change_password, owners.change_password, PasswordChange, status=204),

    Route("GET", f"{V1}/owners", _o.list_owners, owners.list_all, query=OwnerQueryBody, answer=OwnerList),
    Route("POST", f"{V1}/owners", _o.create_owner, owners.create, OwnerNew, answer=OwnerKept, status=201),
    Route("GET", f"{V1}/owners/{{id}}", _o.read_owner, owners.read, answer=OwnerAnswer),
    Route("PATCH", f"{V1}/owners/{{id}}", _o.edit_owner, owners.edit, OwnerEdit, answer=OwnerKept),

    Route("GET", f"{V1}/roles", role_verbs.list_roles, roles.list_all, answer=roles.RoleList),

    Route("GET", _G, _g.list_groups, groups.list_all, query=GroupQueryBody, answer=GroupList),
    Route("POST", _G, _g.create_group, groups.create, GroupNew, answer=GroupAnswer, status=201),
    Route("GET", f"{_G}/{{id}}", _g.read_group, groups.read, answer=GroupAnswer),
    Route("PATCH", f"{_G}/{{id}}", _g.edit_group, groups.edit, GroupEdit, answer=GroupAnswer),
    Route("DELETE", f"{_G}/{{id}}", _g.delete_group, groups.delete, status=204),

    Route("GET", _P, _p.list_apis, apis.list_all, query=APIQueryBody, answer=APIList),
    Route("POST", _P, _p.create_api, apis.create, APINew, answer=APIAnswer, status=201),
    Route("GET", f"{_P}/{{id}}", _p.read_api, apis.read, answer=APIAnswer),
    Route("PATCH", f"{_P}/{{id}}", api_changes.edit_api, apis.edit, APIEdit, query=ChangeQueryBody, answer=APIEdited),
    Route("DELETE", f"{_P}/{{id}}", api_changes.delete_api, apis.delete, query=ChangeQueryBody, status=204, preview=EffectAnswer),

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

    Route("POST", f"{V1}/verify", verification_verbs.verify, verification.verify, verification.VerifyBody, query=verification.VerifyQuery, answer=verification.VerifyAnswer, outcomes=verification.OUTCOMES),

    Route("GET", f"{V1}/settings", setting_verbs.read_settings, settings.read, answer=settings.SettingsAnswer),
    Route("PATCH", f"{V1}/settings", setting_verbs.edit_settings, settings.edit, settings.SettingsEdit, answer=settings.SettingsAnswer),

    Route("GET", _K, _k.list_signing_keys, signing_keys.list_all, answer=signing_keys.SigningKeyList),
    Route("POST", f"{_K}/rotate", _k.rotate_signing_key, signing_keys.rotate, signing_keys.SigningKeyRotation, answer=signing_keys.SigningKeyAnswer),

    Route("GET", f"{V1}/audit/events", audit_verbs.list_events, audit.events, query=audit.EventQueryBody, answer=audit.EventList),
    Route("GET", f"{V1}/audit/export", audit_verbs.begin_export, audit.export, query=audit.ExportQueryBody),
    Route("GET", f"{V1}/audit/verify", audit_verbs.begin_verification, audit.verify, answer=audit.VerificationAnswer),
)
# fmt: on
"""Every route that asks the gate; `door` adds the open ones: health and the API's own description."""
