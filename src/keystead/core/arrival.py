"""What a request brought with it, parsed once at the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.core.secret import Secret

__all__ = ["Address", "Arrival", "Presented", "parse_address"]


class Address(NamedTuple):
    """A caller's address as a number, so that network rules compare integers.

    `version` is 4 or 6; IPv4-mapped IPv6 has already become IPv4.
    """

    version: int
    number: int
    text: str


@lru_cache(maxsize=8192)
def parse_address(text: str) -> Address:
    """Read one IPv4 or IPv6 address; a zone id is refused.

    Raises:
        ValueError: it is not an address.
    """
    if "%" in text:
        msg = "an address here has no zone id"
        raise ValueError(msg)
    found = ip_address(text)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return Address(found.version, int(found), str(found))


@dataclass(frozen=True, slots=True)
class Presented:
    """A credential as it was shown, not yet believed.

    Attributes:
        mark: the token itself.
        scheme: how it came: `bearer`, `token`, `x-api-key`, `authtoken`, `basic`, `cookie`.
        identity: the public id that came with it, which must be its own; None where none came.
        audience: for whom a signed assertion has to be made.
    """

    mark: Secret
    scheme: str
    # Whoever takes one for the other puts his secret here.
    identity: str | None = field(default=None, repr=False)
    audience: str = ""


# What each request makes is a Struct: a frozen dataclass takes five times as long to make.
class Arrival(Struct, frozen=True):
    """Everything the rules may know of a request; rules see nothing else of it.

    Attributes:
        presented: the credential shown; None when there was none; "system" for the house's own work.
        address: the client's address; None only for the house's own work.
        asserted_by: who says that this is the address: `socket`, or a trusted proxy's address.
        at: when it arrived.
        request_id: `req_…`, answered to the client and kept in the audit.
        agent: the client's own name of itself, cut to 200 characters.
        exposed: it came in the clear from beyond loopback.
    """

    presented: Presented | Literal["system"] | None
    address: Address | None
    asserted_by: str
    at: Instant
    request_id: str
    agent: str = ""
    exposed: bool = False
