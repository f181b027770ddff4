"""How HTTP is spoken, by either client: how the library is set, and what its failures mean."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from typing import Final, TypedDict

import httpx2

from keystead_client._core.calls import Answer
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.errors import UnexpectedAnswer, Unreachable
from keystead_client._core.retries import Lost, Reach

__all__ = ["FAILURES", "Intake", "Options", "options"]

FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)
"""What the library raises where no answer came."""

_CONNECT_SECONDS: Final = 5.0
# The server closes an idle connection after 5 s. One that is reused just then is lost, and its call
# waits to be sent again.
_IDLE_SECONDS: Final = 3.0
# The server's own bound on a page of 200 audit entries or on one account lies far below.
_OK: Final = range(200, 300)
_LARGEST_ANSWER: Final = 32 * 1024 * 1024


class Options(TypedDict):
    """How the library is set."""

    verify: ssl.SSLContext | bool
    timeout: httpx2.Timeout
    follow_redirects: bool
    trust_env: bool
    limits: httpx2.Limits


def options(endpoint: Endpoint, tls: ssl.SSLContext | None, timeout: float) -> Options:
    """Return how the library is set for one server."""
    verify: ssl.SSLContext | bool = True if tls is None else tls
    if not endpoint.is_encrypted:
        # Never used, since no redirect is followed; trusts nobody, and spares reading the system's.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Options(
        verify=verify,
        timeout=httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
        follow_redirects=False,
        # A proxy for plain HTTP would read the token.
        trust_env=endpoint.is_encrypted,
        limits=httpx2.Limits(
            max_connections=100, max_keepalive_connections=20, keepalive_expiry=_IDLE_SECONDS
        ),
    )


class Intake:
    """Takes in an answer's body, up to a bound; or counts what was handed on of a good one.

    Attributes:
        handed_on: how many bytes were.
    """

    def __init__(self) -> None:
        self._body = bytearray()
        self.handed_on = 0

    def is_good(self, status: int) -> bool:
        """Say whether an answer may be handed on: what the server refuses with is kept."""
        return status in _OK

    def keeps(self, chunk: bytes) -> bool:
        """Keep a piece; say whether there is room for another."""
        self._body += chunk
        return len(self._body) <= _LARGEST_ANSWER

    def lost(self, error: Exception, url: str, timeout: float) -> Lost:
        """Say what a failure means; once anything was handed on, the call is not made again."""
        found = lost(error, url, timeout)
        if not self.handed_on:
            return found
        sentence = f"the answer broke off after {self.handed_on} bytes: {found.error}"
        return Lost(Unreachable(sentence), Reach.HOPELESS)

    def outcome(self, status: int, headers: Mapping[str, str]) -> Answer | Lost:
        """Return the whole."""
        if len(self._body) > _LARGEST_ANSWER:
            return Lost(UnexpectedAnswer("the answer does not end", status=status), Reach.HOPELESS)
        lower = {name.lower(): value for name, value in headers.items()}
        return Answer(status, lower, bytes(self._body))


def lost(error: Exception, url: str, timeout: float) -> Lost:
    """Say what a failure of the library means.

    Its message names the failure of the socket or of TLS, never a header; its frames hold the
    headers, so it is not chained.
    """
    if isinstance(error, httpx2.TimeoutException):
        return Lost(Unreachable(f"no answer from {url} within {timeout:g} s"), Reach.HOPELESS)
    cause = _system_error(error)
    match cause:
        case ConnectionError(errno=int(number)):
            sentence = os.strerror(number)
        case OSError(strerror=str(text)):
            sentence = text
        case _:
            sentence = str(error) or type(error).__name__
    return Lost(Unreachable(f"no answer from {url}: {sentence}"), _reach(error, cause))


def _reach(error: Exception, cause: OSError | None) -> Reach:
    match error:
        case httpx2.ConnectError() if isinstance(cause, ssl.SSLCertVerificationError):
            return Reach.HOPELESS
        case httpx2.ConnectError() | httpx2.ProxyError():
            return Reach.UNSENT
        case httpx2.NetworkError() | httpx2.RemoteProtocolError():
            return Reach.UNKNOWN
        case _:
            return Reach.HOPELESS


def _system_error(error: BaseException) -> OSError | None:
    """Return what the operating system or TLS said, which lies at the bottom."""
    found: OSError | None = None
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            found = cause
        if isinstance(cause, BaseExceptionGroup):
            # Several addresses of one name; one speaks for all.
            cause = cause.exceptions[0]
        else:
            cause = cause.__cause__ or cause.__context__
    return found
