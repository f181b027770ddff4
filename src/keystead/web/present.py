"""Reading who comes, once: the headers' credential and the peer's address (docs/guide/api.md; F2, F11).

Dialects: `Authorization: Bearer <token>`, `Token <token>`, `Token token=<token>` (quoted or not),
`X-API-Key: <token>`, `authtoken: <token>`; and `Basic` for what has a public id and a secret (RFC 7617).
More than one credential in a request is refused. A browser's cookie is no credential beside one of these.
"""

from __future__ import annotations

import base64
import itertools
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from keystead.core.arrival import Address, Arrival, Presented, parse_address
from keystead.core.errors import Invalid
from keystead.core.ids import random_base62
from keystead.core.secret import Secret
from keystead.crypto.token_format import token_within, without_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.core.clock import Clock

    Headers = Iterable[tuple[bytes, bytes]]

__all__ = [
    "SESSION_COOKIES",
    "arrive",
    "credential_in",
    "new_request_id",
    "session_in",
    "token_in_url",
]

SESSION_COOKIES: Final = ("__Host-keystead_session", "keystead_session")
"""The names of the cookie that holds a browser's session: over TLS, and on loopback without it."""

_MAX_AGENT: Final = 200
_PREFIX: Final = random_base62(8)
_NUMBERS: Final = itertools.count(1)

_AUTHORIZATION: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:[ \t]+(.*))?", re.DOTALL)
_TOKEN_PARAMETER: Final = re.compile(r'token[ \t]*=[ \t]*(?:"([^"]*)"|([^" \t]*))', re.IGNORECASE)
_QUERY_NAMES: Final = frozenset(
    {
        *("token", "access_token", "auth_token", "authtoken", "api_key", "apikey", "x-api-key"),
        *("client_secret", "client_assertion"),
    }
)


def new_request_id() -> str:
    """Return an id that no other request of any process has; a counter, since it need not be secret."""
    return f"req_{_PREFIX}{next(_NUMBERS):06x}"


def arrive(
    scope: Mapping[str, Any],
    presented: Presented | None,
    clock: Clock,
    request_id: str,
    *,
    plain_beyond: bool,
) -> Arrival:
    """Return what a request brought.

    Args:
        scope: the ASGI scope.
        presented: from `credential_in`.
        clock: for the instant of arrival.
        request_id: from `new_request_id`.
        plain_beyond: the listener takes plain HTTP from beyond loopback.
    """
    headers = scope["headers"]
    address = _peer(scope)
    agent = next((value for name, value in headers if name == b"user-agent"), b"")
    exposed = plain_beyond and scope["scheme"] == "http" and not _is_loopback(address)
    return Arrival(
        presented=presented,
        address=address,
        asserted_by="socket",
        at=clock.now(),
        request_id=request_id,
        agent=_printable(agent),
        exposed=exposed,
    )


def credential_in(headers: Headers) -> Presented | None:
    """Return the one credential that the headers present.

    Raises:
        Invalid: there is more than one, or a pair in no readable form.
    """
    found: list[Presented] = []
    for name, value in headers:
        if name == b"authorization":
            found.append(_authorization(value.decode("latin-1").strip()))
        elif name in {b"x-api-key", b"authtoken"}:
            found.append(Presented(Secret(value.decode("latin-1").strip()), name.decode()))
    if len(found) > 1:
        raise Invalid("present one credential, in one header")
    return found[0] if found else None


def session_in(headers: Headers) -> Presented | None:
    """Return the session that a browser's cookies present; other cookies are nobody's business here."""
    for name, value in headers:
        if name == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                cookie, _, text = pair.strip(" \t").partition("=")
                if cookie in SESSION_COOKIES:
                    return Presented(Secret(text), "cookie")
    return None


def token_in_url(path: str, pairs: Iterable[tuple[str, str]]) -> Secret | None:
    """Return a token that stands in the URL, by its parameter's name or by its form."""
    if (found := token_within(path)) is not None:
        return found
    for name, value in pairs:
        # A bare `?kst_…` is a name without a value, and an error would repeat it.
        if (found := token_within(name)) is not None:
            return found
        if (found := token_within(value)) is not None:
            return found
        if name.lower() in _QUERY_NAMES:
            return Secret(value)
    return None


def _authorization(text: str) -> Presented:
    match = _AUTHORIZATION.fullmatch(text)
    if match is None:
        return Presented(Secret(""), "unknown")
    scheme, rest = match[1].lower(), (match[2] or "").strip()
    if scheme == "basic":
        return _pair(rest)
    if scheme == "bearer":
        return Presented(Secret(rest), scheme)
    if scheme == "token":
        parameter = _TOKEN_PARAMETER.fullmatch(rest)
        if parameter is not None:
            rest = parameter[1] if parameter[1] is not None else parameter[2]
        return Presented(Secret(rest), scheme)
    # A scheme that is not spoken here presents nothing that could be good, but it is no silence either.
    return Presented(Secret(""), "unknown")


def _pair(text: str) -> Presented:
    """Read a public id and a secret, each of them form-encoded (RFC 6749 §2.3.1)."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
        identity, colon, secret = (_form_decoded(part) for part in raw.partition(b":"))
    except ValueError:
        # Not chained: the error holds what was sent.
        raw = b""
        colon = identity = secret = ""
    # The library reads some forms that are none, such as one with too much padding.
    if not colon or base64.b64encode(raw).decode() != text:
        raise Invalid("Basic takes base64 of id:secret, in UTF-8")
    return Presented(Secret(secret), "basic", identity)


def _form_decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode()


def _peer(scope: Mapping[str, Any]) -> Address | None:
    client = scope.get("client")
    if client is None:
        return None
    try:
        return parse_address(client[0])
    except ValueError:
        return None


def _is_loopback(address: Address | None) -> bool:
    if address is None:
        return False
    return address.number >> 24 == 127 if address.version == 4 else address.number == 1  # noqa: PLR2004


def _printable(raw: bytes) -> str:
    # Before it is cut, so that no half of a token is left (Law 6).
    text = without_tokens(raw.decode("latin-1"))[:_MAX_AGENT]
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
