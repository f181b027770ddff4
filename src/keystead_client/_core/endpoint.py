"""Which server is spoken to, and whether the token may travel there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from keystead_client._core.errors import MisconfiguredClient
from keystead_client._core.secret import Secret

__all__ = ["Endpoint"]

# RFC 6750 §2.1: what a bearer token may consist of. Anything else would be refused by the HTTP
# library with a message that holds the token.
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which server, and as whom this program speaks to it.

    Attributes:
        url: `https://host[:port][/prefix]`, without a trailing slash.
        insecure_http: a token may go over plain HTTP beyond this machine.

    Raises:
        MisconfiguredClient: the address or the user agent cannot be used.
    """

    url: str
    insecure_http: bool = False
    user_agent: str = "keystead-client"

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", self.url.rstrip("/"))
        _require_url(self.url)
        if not (self.user_agent.isascii() and self.user_agent.isprintable()):
            raise MisconfiguredClient("the user agent holds characters that a header cannot have")

    def require_fit(self, token: Secret) -> None:
        """Let only a token go there that may.

        Raises:
            MisconfiguredClient: it is none, or anyone could read it on its way.
        """
        if _TOKEN.fullmatch(token.reveal()) is None:
            raise MisconfiguredClient("the token is empty or holds characters that no token has")
        if not (self.is_encrypted or self.insecure_http or _is_loopback(self.host)):
            raise MisconfiguredClient(
                f"a token does not go to {self.host} over plain HTTP, where anyone on the way reads it: "
                "use https://, or allow it by insecure_http"
            )

    @property
    def is_encrypted(self) -> bool:
        """Whether the address is an https one."""
        return self.url[:6].lower() == "https:"

    @property
    def host(self) -> str:
        """The host's name or address, without a port."""
        return urlsplit(self.url).hostname or ""


def _require_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_real = parts.port != 0
    except ValueError:
        raise MisconfiguredClient("the server's address is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_real:
        raise MisconfiguredClient("the server's address must be https://host[:port][/prefix]")
    if parts.username is not None or parts.query or parts.fragment:
        raise MisconfiguredClient("the server's address has no user name, no query and no fragment")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise MisconfiguredClient(
            "the server's address holds characters that an address cannot have"
        )


def _is_loopback(host: str) -> bool:
    import ipaddress  # noqa: PLC0415  # only plain HTTP needs it

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
