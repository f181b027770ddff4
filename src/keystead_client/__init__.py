"""The Keystead client: three lines that fetch a secret, and the calls of the native API.

    from keystead_client import Client

    with Client.from_environment() as keystead:
        password = keystead.fetch("ops/db/orders").reveal()

It is a separate house: it imports nothing of `keystead` and needs only httpx2. A call passes
through

    a noun's module       `credentials`, `accounts`, `folders`, `apis` and others: a `Call`
    `_core`               the request, what the answer means, whether to try again; no input or output
    `Client`              sends and waits as it is told, and holds the connection
    `AsyncClient`         the same for asyncio

so another transport is one loop around `Talk` in `_core`. The records are in `records`.
"""

from keystead_client import (
    accounts,
    apis,
    audit,
    credentials,
    folders,
    groups,
    imports,
    owners,
    records,
    settings,
    signing_keys,
    verification,
)
from keystead_client._core.arguments import UNSET, Unset
from keystead_client._core.calls import Answer, Call, Download
from keystead_client._core.errors import (
    CheckFailed,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    KeysteadError,
    MisconfiguredClient,
    NotFound,
    ServerFault,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from keystead_client._core.retries import Retries
from keystead_client._core.secret import Secret
from keystead_client._io.async_client import AsyncClient
from keystead_client._io.client import Client
from keystead_client._io.tokens import TokenSource

__all__ = [
    "UNSET",
    "Answer",
    "AsyncClient",
    "Call",
    "CheckFailed",
    "Client",
    "Conflict",
    "Download",
    "FieldError",
    "Forbidden",
    "Invalid",
    "KeysteadError",
    "MisconfiguredClient",
    "NotFound",
    "Retries",
    "Secret",
    "ServerFault",
    "TokenSource",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "Unset",
    "accounts",
    "apis",
    "audit",
    "credentials",
    "folders",
    "groups",
    "imports",
    "owners",
    "records",
    "settings",
    "signing_keys",
    "verification",
]
