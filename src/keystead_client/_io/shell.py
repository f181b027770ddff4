"""What the clients have in common: everything but the sending and the waiting."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self, TypeVar

from keystead_client._core.calls import Answer, Call
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.errors import KeysteadError, MisconfiguredClient, NotFound
from keystead_client._core.retries import Lost, Retries
from keystead_client._core.secret import Secret
from keystead_client._core.talk import Done, Renew, Talk, Wait
from keystead_client._io.tokens import TokenSource
from keystead_client._io.world import World
from keystead_client.records import SecretValue

if TYPE_CHECKING:
    import ssl

__all__ = ["Shell", "field_of"]

T = TypeVar("T")

_USER_AGENT = "keystead-client"


class Shell:
    """A connection to one Keystead server, with one token.

    It follows no redirect, and sends the token over plain HTTP only to this machine. Proxies of the
    environment are used for https alone, where they see no more than the host's name. Where the
    token comes from a file, the environment or a function, it is read at once, and again when the
    server refuses it as unknown, expired or revoked; if it is another then, the call goes on.

    Args:
        url: `https://host[:port][/prefix]`.
        token: the token itself, or where it comes from; None for what is open to all.
        token_file: the file that holds it, instead of `token`.
        ca_file: PEM file with the authorities to trust instead of the system's.
        timeout: seconds to wait for each part of an answer (connecting: 5 at most).
        insecure_http: the token may go over plain HTTP beyond this machine.
        user_agent: this program's name, kept with the token's last use.
        retries: how often and for how long a call is tried again.

    Raises:
        MisconfiguredClient: one of these cannot be used.
    """

    def __init__(
        self,
        url: str,
        token: TokenSource | Secret | str | Callable[[], Secret | str] | None = None,
        *,
        token_file: str | os.PathLike[str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float = 30.0,
        insecure_http: bool = False,
        user_agent: str = _USER_AGENT,
        retries: Retries | None = None,
    ) -> None:
        self._tokens: TokenSource | None = _source(token, token_file)
        # A traceback that shows variables would show it.
        del token
        self._endpoint: Endpoint = Endpoint(url, insecure_http, user_agent)
        self._token: Secret | None = None if self._tokens is None else self._tokens.read()
        if self._token is not None:
            self._endpoint.require_fit(self._token)
        self._timeout: float = timeout
        self._tls: ssl.SSLContext | None = _tls_context(self._endpoint, ca_file)
        self._retries: Retries = Retries() if retries is None else retries
        self._world: World = World()
        self._connect()

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        timeout: float = 30.0,
        insecure_http: bool = False,
        user_agent: str = _USER_AGENT,
        retries: Retries | None = None,
    ) -> Self:
        """Connect as the environment says.

        `KEYSTEAD_URL` is required, and one of `KEYSTEAD_TOKEN` and `KEYSTEAD_TOKEN_FILE`;
        `KEYSTEAD_CA_FILE` names the authorities to trust instead of the system's. An empty
        variable counts as one that is not set.

        Raises:
            MisconfiguredClient: one is missing, both tokens are given, or a file cannot be read.
        """
        found = os.environ if environ is None else environ
        url = found.get("KEYSTEAD_URL", "")
        if not url:
            raise MisconfiguredClient(
                "KEYSTEAD_URL is not set: the server's address, https://host[:port]"
            )
        return cls(
            url,
            TokenSource.environment(environ),
            ca_file=found.get("KEYSTEAD_CA_FILE") or None,
            timeout=timeout,
            insecure_http=insecure_http,
            user_agent=user_agent,
            retries=retries,
        )

    def __repr__(self) -> str:
        # A traceback may show one that was refused while it was made.
        url = self._endpoint.url if hasattr(self, "_endpoint") else "…"
        return f"{type(self).__name__}({url!r})"

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash."""
        return self._endpoint.url

    def _connect(self) -> None:
        raise NotImplementedError

    def _talk(self, call: Call[T]) -> Talk[T]:
        key, now = self._world.key(), self._world.clock()
        return Talk(self._endpoint, call, self._token, self._retries, key, now)

    def _heard(self, talk: Talk[T], outcome: Answer | Lost) -> Done[T] | Wait | Renew:
        return talk.heard(outcome, self._world.clock(), self._world.chance())

    def _renew(self, talk: Talk[T], refusal: KeysteadError) -> None:
        token = self._read_token()
        talk.renewed(token, refusal, self._world.clock())

    def _read_token(self) -> Secret | None:
        """Return the token as it stands now; None where none can be used, and the old one stays."""
        if self._tokens is None:
            return None
        try:
            token = self._tokens.read()
            self._endpoint.require_fit(token)
        except MisconfiguredClient:
            # Such as a file that is just being replaced.
            return None
        self._token = token
        return token


def field_of(value: SecretValue, field: str) -> Secret:
    """Return one field of a value.

    Raises:
        NotFound: it has none of that name.
    """
    try:
        return value.fields[field]
    except KeyError:
        raise NotFound("the account has no such field", code="not_found") from None


def _source(
    token: TokenSource | Secret | str | Callable[[], Secret | str] | None,
    token_file: str | os.PathLike[str] | None,
) -> TokenSource | None:
    if token_file is not None:
        if token is not None:
            raise MisconfiguredClient("token and token_file are both given: one of them")
        return TokenSource.file(token_file)
    if token is None or isinstance(token, TokenSource):
        return token
    if isinstance(token, (Secret, str)):
        return TokenSource.fixed(token)
    return TokenSource.function(token)


def _tls_context(
    endpoint: Endpoint, ca_file: str | os.PathLike[str] | None
) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    if not endpoint.is_encrypted:
        raise MisconfiguredClient("authorities to trust have no effect on a plain-HTTP address")
    import ssl  # noqa: PLC0415  # what `import keystead_client` need not take

    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        raise MisconfiguredClient(f"no certificates can be read from {ca_file}") from None
