"""The synchronous client: sends what `_core` prepares, and holds nothing but the connection."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from keystead_client import accounts
from keystead_client._core import Answer, Call, Request, interpret, next_page, prepare
from keystead_client._endpoint import Endpoint
from keystead_client._environment import settings_from
from keystead_client._errors import (
    KeysteadError,
    MisconfiguredClient,
    NotFound,
    UnexpectedAnswer,
    Unreachable,
)
from keystead_client._secret import Secret
from keystead_client.records import Page

if TYPE_CHECKING:
    import httpx2

__all__ = ["Client"]

T = TypeVar("T")

_CONNECT_SECONDS: Final = 5.0
# The server's own bound on a page of 200 audit entries or on one account lies far below.
_LARGEST_ANSWER: Final = 32 * 1024 * 1024


class Client:
    """A connection to one Keystead server, with one token; may be used by several threads.

    It follows no redirect, and sends the token over plain HTTP only to this machine. Proxies of the
    environment are used for https alone, where they see no more than the host's name.

    Args:
        url: `https://host[:port][/prefix]`.
        token: the token itself; None for what is open to all.
        ca_file: PEM file with the authorities to trust instead of the system's.
        timeout: seconds to wait for each part of an answer (connecting: 5 at most).
        insecure_http: the token may go over plain HTTP beyond this machine.
        user_agent: this program's name, kept with the token's last use.

    Raises:
        MisconfiguredClient: one of these cannot be used.
    """

    def __init__(
        self,
        url: str,
        token: Secret | str | None = None,
        *,
        ca_file: str | Path | None = None,
        timeout: float = 30.0,
        insecure_http: bool = False,
        user_agent: str = "keystead-client",
    ) -> None:
        kept = Secret(token) if isinstance(token, str) else token
        self._endpoint: Endpoint = Endpoint(url, kept, insecure_http, user_agent)
        self._timeout: float = timeout
        self._tls: ssl.SSLContext | None = _tls_context(self._endpoint, ca_file)
        self._http: httpx2.Client = _connection(self._endpoint, self._tls, timeout)

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        timeout: float = 30.0,
        insecure_http: bool = False,
        user_agent: str = "keystead-client",
    ) -> Client:
        """Connect as the environment says.

        `KEYSTEAD_URL` is required, and one of `KEYSTEAD_TOKEN` and `KEYSTEAD_TOKEN_FILE`;
        `KEYSTEAD_CA_FILE` names the authorities to trust instead of the system's.

        Raises:
            MisconfiguredClient: one is missing, both tokens are given, or a file cannot be read.
        """
        found = settings_from(environ)
        return cls(
            found.url,
            found.token,
            ca_file=found.ca_file,
            timeout=timeout,
            insecure_http=insecure_http,
            user_agent=user_agent,
        )

    def send(self, call: Call[T]) -> T:
        """Ask the server one thing.

        Raises:
            KeysteadError: as the tree in `keystead_client._errors` says.
        """
        return interpret(call, self._exchange(prepare(self._endpoint, call)))

    def walk(self, call: Call[Page[T]]) -> Iterator[T]:
        """Yield every item of a list, fetching page after page.

        Raises:
            KeysteadError: as `send`.
        """
        for page in self.pages(call):
            yield from page.items

    def pages(self, call: Call[Page[T]]) -> Iterator[Page[T]]:
        """Yield a list page by page.

        Raises:
            KeysteadError: as `send`.
        """
        ahead: Call[Page[T]] | None = call
        while ahead is not None:
            page = self.send(ahead)
            yield page
            ahead = next_page(ahead, page)

    def fetch(self, path: str, field: str = "password", *, version: int | None = None) -> Secret:
        """Fetch one field of the account at this path, `ops/db/orders`.

        Raises:
            NotFound: there is no such account for this token, or it has no such field.
            KeysteadError: as `send`.
        """
        value = self.send(accounts.fetch_by_path(path, version=version, field=field))
        try:
            return value.fields[field]
        except KeyError:
            raise NotFound("the account has no such field", code="not_found") from None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._endpoint.url!r})"

    def _exchange(self, request: Request) -> Answer:
        import httpx2  # noqa: PLC0415  # a tenth of a second that `import keystead_client` need not take

        try:
            with self._http.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content or None,
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise UnexpectedAnswer(
                            "the answer does not end", status=response.status_code
                        )
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, bytes(body))
        except httpx2.TimeoutException:
            raise Unreachable(
                f"no answer from {self._endpoint.url} within {self._timeout:g} s"
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> KeysteadError:
        # The library's message names the failure of the socket or of TLS, never a header.
        return Unreachable(
            f"no answer from {self._endpoint.url}: {str(error) or type(error).__name__}"
        )


def _tls_context(endpoint: Endpoint, ca_file: str | Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    if not endpoint.is_encrypted:
        raise MisconfiguredClient("authorities to trust have no effect on a plain-HTTP address")
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        raise MisconfiguredClient(f"no certificates can be read from {ca_file}") from None


def _connection(endpoint: Endpoint, tls: ssl.SSLContext | None, timeout: float) -> httpx2.Client:
    import httpx2  # noqa: PLC0415  # as in _exchange

    verify: ssl.SSLContext | bool = True if tls is None else tls
    if not endpoint.is_encrypted:
        # Never used, since no redirect is followed; trusts nobody, and spares reading the system's.
        verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.Client(
        verify=verify,
        timeout=httpx2.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
        follow_redirects=False,
        # A proxy for plain HTTP would read the token.
        trust_env=endpoint.is_encrypted,
    )
