"""The map of OAuth's endpoints on one screen; each takes a form by POST, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from keystead.api.oauth import handlers
from keystead.api.oauth.answers import IntrospectionAnswer, TokenAnswer
from keystead.api.oauth.forms import ClientForm, IntrospectionForm, RevocationForm, TokenForm
from keystead.gate.acts.operation import Operation
from keystead.operations.oauth.introspection import introspect_token
from keystead.operations.oauth.issuing import issue_token
from keystead.operations.oauth.revocation import revoke_token
from keystead.web.call import Answer

__all__ = ["ENDPOINTS", "Endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Attributes:
        verb: the operation behind it.
        handler: asks, answers.
        form: the Struct of its parameters.
        required: those without which it refuses.
        answer: the Struct of its JSON answer; None where success has no body.
        bearers: a bearer token proves who asks, too.
    """

    path: str
    verb: Operation[Any, Any]
    handler: Callable[[Any], Awaitable[Answer]]
    form: type[ClientForm]
    required: tuple[str, ...]
    answer: type[Struct] | None
    bearers: bool


# fmt: off
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("/oauth/token", issue_token, handlers.token, TokenForm, ("grant_type",), TokenAnswer, bearers=False),
    Endpoint("/auth/v2/token", issue_token, handlers.token_of_key, TokenForm, ("grant_type",), TokenAnswer, bearers=False),
    Endpoint("/oauth/introspect", introspect_token, handlers.introspect, IntrospectionForm, ("token",), IntrospectionAnswer, bearers=True),
    Endpoint("/oauth/revoke", revoke_token, handlers.revoke, RevocationForm, ("token",), None, bearers=True),
)
# fmt: on
"""Every endpoint that asks the gate; `metadata` has the documents beside them."""
