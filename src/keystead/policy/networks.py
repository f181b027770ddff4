"""Where a credential may be used from: one grammar, reduced to ranges of integers.

Forms (docs/guide/networks.md; rows S6 to S9 and C12): an address, a CIDR block with or without host bits,
a range `low-high`, and for IPv4 also `low:high`. Both ends are inside. IPv4-mapped IPv6 is IPv4.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from keystead.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keystead.core.arrival import Address

__all__ = [
    "MAX_ENTRY_LENGTH",
    "MAX_NETWORKS",
    "MOST",
    "Network",
    "allows",
    "covers",
    "is_public",
    "parse_network",
    "parse_networks",
]

MAX_NETWORKS: Final = 10
"""Different entries of one credential, unless the organisation allows more."""

MOST: Final = 100
"""Beyond which no organisation allows them."""

MAX_ENTRY_LENGTH: Final = 253

_MAPPED: Final = 0xFFFF << 32  # ::ffff:0:0, the IPv4-mapped block of RFC 4291 §2.5.5.2
_BITS: Final = {4: 32, 6: 128}
# The IANA special-purpose registries, as far as they are not globally reachable, and multicast.
_SPECIAL: Final = tuple(
    (block.version, int(block.network_address), int(block.broadcast_address))
    for block in map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            *("::/127", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20"),
            *("5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8"),
        ),
    )
)
_HOST_NAME: Final = (
    "is a host name; only addresses, CIDR blocks and ranges are enforced by this version, "
    "and a rule that is not enforced is not accepted"
)


@dataclass(frozen=True, slots=True)
class Network:
    """One entry of a network restriction.

    Attributes:
        text: as it was typed.
        interpreted: as it is understood, in canonical form.
        version: 4 or 6.
        low: first address inside, as a number.
        high: last address inside, as a number.
    """

    text: str
    interpreted: str
    version: int
    low: int
    high: int


def allows(networks: Iterable[Network], address: Address) -> bool:
    """Say whether `address` lies in one of the networks; of no networks, it lies in none."""
    return any(n.version == address.version and n.low <= address.number <= n.high for n in networks)


def covers(networks: Iterable[Network], inner: Network) -> bool:
    """Say whether one of the networks holds every address of `inner`."""
    return any(
        n.version == inner.version and n.low <= inner.low and inner.high <= n.high for n in networks
    )


def is_public(network: Network) -> bool:
    """Say whether every address of a network is one of the public Internet's (row C13)."""
    return not any(
        network.version == version and network.low <= high and low <= network.high
        for version, low, high in _SPECIAL
    )


def parse_network(text: str) -> Network:
    """Read one entry.

    Raises:
        ValueError: with a sentence that names the rule broken.
    """
    if len(text) > MAX_ENTRY_LENGTH:
        msg = f"is longer than {MAX_ENTRY_LENGTH} characters"
        raise ValueError(msg)
    if not text or any(c.isspace() for c in text):
        msg = "must be one address, block or range without white space"
        raise ValueError(msg)
    if "%" in text:
        msg = "must not carry a zone id"
        raise ValueError(msg)
    network = _block(text) if "/" in text else _range_or_address(text)
    if network.low == 0 and network.high == (1 << _BITS[network.version]) - 1:
        msg = "takes in every address; leave the list empty for anywhere"
        raise ValueError(msg)
    return network


def parse_networks(texts: Sequence[str], limit: int = MAX_NETWORKS) -> tuple[Network, ...]:
    """Read a list, drop entries that mean the same, and bound it.

    Raises:
        Invalid: with each wrong entry by its index (`networks[3]`); the list is too long, or no restriction.
    """
    found: dict[str, Network] = {}
    wrong: list[FieldError] = []
    for i, text in enumerate(texts):
        try:
            network = parse_network(text)
        except ValueError as error:
            wrong.append(FieldError(f"networks[{i}]", str(error)))
        else:
            found.setdefault(network.interpreted, network)
    if len(found) > limit:
        wrong.append(FieldError("networks", f"at most {limit} different entries"))
    wrong += [
        FieldError("networks", f"take in more than half of all IPv{version} addresses; name fewer")
        for version, bits in _BITS.items()
        if _addresses(found.values(), version) > 1 << (bits - 1)
    ]
    if wrong:
        raise Invalid.of(*wrong)
    return tuple(found.values())


def _addresses(networks: Iterable[Network], version: int) -> int:
    """Return how many addresses of a version lie in any of the networks."""
    count, beyond = 0, 0
    for low, high in sorted((n.low, n.high + 1) for n in networks if n.version == version):
        count += max(0, high - max(low, beyond))
        beyond = max(beyond, high)
    return count


def _block(text: str) -> Network:
    head, _, prefix = text.partition("/")
    address = _address(head)
    if not (prefix.isascii() and prefix.isdigit()) or (len(prefix) > 1 and prefix[0] == "0"):
        msg = "needs a prefix length after the slash, a whole number"
        raise ValueError(msg)
    if int(prefix) > address.max_prefixlen:
        msg = f"has a prefix length over {address.max_prefixlen}"
        raise ValueError(msg)
    block = ip_network((address, int(prefix)), strict=False)
    low, high = int(block.network_address), int(block.broadcast_address)
    if block.version == 6 and low >> 32 == high >> 32 == _MAPPED >> 32:  # noqa: PLR2004
        low, high = low - _MAPPED, high - _MAPPED
        interpreted = f"{IPv4Address(low)}/{int(prefix) - 96}"
        return Network(text, interpreted, 4, low, high)
    return Network(text, str(block), block.version, low, high)


def _range_or_address(text: str) -> Network:
    if "-" in text:
        low_text, _, high_text = text.partition("-")
        if _is_name(text):
            raise ValueError(_HOST_NAME)
        return _range(text, low_text, high_text)
    if text.count(":") == 1:
        low_text, _, high_text = text.partition(":")
        return _range(text, low_text, high_text)
    address = _unmapped(_address(text))
    return Network(text, str(address), address.version, int(address), int(address))


def _range(text: str, low_text: str, high_text: str) -> Network:
    low, high = _unmapped(_address(low_text)), _unmapped(_address(high_text))
    if low.version != high.version:
        msg = "mixes IPv4 and IPv6 in one range"
        raise ValueError(msg)
    if int(low) > int(high):
        msg = "is a range whose first address is above its last"
        raise ValueError(msg)
    interpreted = f"{low}-{high}" if low != high else str(low)
    return Network(text, interpreted, low.version, int(low), int(high))


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        if _is_name(text):
            raise ValueError(_HOST_NAME) from None
        if any(len(part) > 1 and part[0] == "0" for part in text.split(".")) and ":" not in text:
            msg = "has an octet with a leading zero, which some systems read as octal"
            raise ValueError(msg) from None
        msg = "is no address, CIDR block (10.0.0.0/8) or range (10.0.0.5-10.0.0.90)"
        raise ValueError(msg) from None


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_name(text: str) -> bool:
    labels = text.removeprefix("*.").split(".")
    return (
        len(labels) > 1
        and all(label and label.replace("-", "a").isalnum() for label in labels)
        and any(c.isalpha() for c in labels[-1])
    )
