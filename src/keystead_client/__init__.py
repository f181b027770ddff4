"""The Keystead client: three lines that fetch a secret, and every call of the native API.

    from keystead_client import Client

    with Client.from_environment() as keystead:
        password = keystead.fetch("ops/db/orders").reveal()

It is a separate house: it imports nothing of `keystead` and needs only httpx2. A call passes
through

    a noun's module   `credentials`, `accounts`, `folders`, `owners`, `audit`: the wish, as a `Call`
    `_core`           the request for it, and what the answer means; does no input or output
    `Client`          sends it, and holds nothing but the connection

so another transport (asyncio, a test) is one method that turns a `Request` into an `Answer`.
"""

from keystead_client import accounts, audit, credentials, folders, owners, records
from keystead_client._client import Client
from keystead_client._core import UNSET, Answer, Call, Request, Unset
from keystead_client._endpoint import Endpoint
from keystead_client._errors import (
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
from keystead_client._secret import Secret

__all__ = [
    "UNSET",
    "Answer",
    "Call",
    "CheckFailed",
    "Client",
    "Conflict",
    "Endpoint",
    "FieldError",
    "Forbidden",
    "Invalid",
    "KeysteadError",
    "MisconfiguredClient",
    "NotFound",
    "Request",
    "Secret",
    "ServerFault",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "Unset",
    "accounts",
    "audit",
    "credentials",
    "folders",
    "owners",
    "records",
]
