"""What answers hold: one frozen record for each noun of the native API.

Instants are aware datetimes in UTC; None is an instant that is not set. `raw` is the answer's own
object, where a newer server's further fields can be found; it never holds a secret. A field with a
default is one that a server may leave out.
"""

from keystead_client._core.calls import Page
from keystead_client.records.accounts import Account, SecretValue, Version, Written
from keystead_client.records.apis import (
    API,
    Affected,
    APIAction,
    APIChange,
    APIGroup,
    APIResource,
    APISummary,
    Effect,
)
from keystead_client.records.audit import (
    ChainHead,
    ChainReport,
    Event,
    EventActor,
    EventObject,
    Finding,
    Verification,
)
from keystead_client.records.common import LastUse, Raw, Ref
from keystead_client.records.credentials import (
    Access,
    Credential,
    CredentialSummary,
    Former,
    Imported,
    Issued,
    KeyState,
    KindSummary,
    Network,
    SecretState,
    Usage,
    WhoAmI,
)
from keystead_client.records.folders import Folder, Grant
from keystead_client.records.owners import Group, NewPassword, Owner, Right, Role, Roles
from keystead_client.records.settings import Organisation
from keystead_client.records.signing_keys import SigningKey
from keystead_client.records.verification import Verdict, VerifiedOwner

__all__ = [
    "API",
    "APIAction",
    "APIChange",
    "APIGroup",
    "APIResource",
    "APISummary",
    "Access",
    "Account",
    "Affected",
    "ChainHead",
    "ChainReport",
    "Credential",
    "CredentialSummary",
    "Effect",
    "Event",
    "EventActor",
    "EventObject",
    "Finding",
    "Folder",
    "Former",
    "Grant",
    "Group",
    "Imported",
    "Issued",
    "KeyState",
    "KindSummary",
    "LastUse",
    "Network",
    "NewPassword",
    "Organisation",
    "Owner",
    "Page",
    "Raw",
    "Ref",
    "Right",
    "Role",
    "Roles",
    "SecretState",
    "SecretValue",
    "SigningKey",
    "Usage",
    "Verdict",
    "Verification",
    "VerifiedOwner",
    "Version",
    "WhoAmI",
    "Written",
]
