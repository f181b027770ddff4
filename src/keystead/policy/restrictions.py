"""The bounds of a credential: each one sees only facts handed to it, and says no or nothing.

A bound returns a `Denial` or None; whoever collects them refuses at the first denial. Rows S6, S12, S13,
S26, C7, C14 of docs/features.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from keystead.policy.networks import Network, allows

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.core.clock import Instant

__all__ = [
    "Circumstance",
    "Denial",
    "Disabled",
    "Expiry",
    "Networks",
    "NotBefore",
    "Restriction",
    "Retired",
    "Revoked",
]


class Circumstance(NamedTuple):
    """What a bound may know of a use: when, and from where (None: nobody could say)."""

    at: Instant
    address: Address | None


@dataclass(frozen=True, slots=True)
class Denial:
    """A no: who-are-you (401), you-may-not (403), or cannot-say-now (503), with code and rule."""

    sort: Literal["unauthenticated", "forbidden", "undecided"]
    code: str
    detail: str
    rule: str


class Restriction(Protocol):
    """One bound."""

    def check(self, use: Circumstance) -> Denial | None:
        """Return the denial, or None where this bound has nothing against the use."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """Ended for good."""

    def check(self, use: Circumstance) -> Denial | None:  # noqa: ARG002
        """Always deny."""
        return Denial(
            "unauthenticated", "credential_revoked", "this credential was revoked", "revoked"
        )


@dataclass(frozen=True, slots=True)
class Retired:
    """A secret that a rotation replaced: good until its own instant, which is exclusive."""

    until: Instant

    def check(self, use: Circumstance) -> Denial | None:
        """Deny from `until` on."""
        if use.at < self.until:
            return None
        return Denial(
            "unauthenticated",
            "credential_revoked",
            "this secret was replaced by a newer one of the same credential",
            "secret retired",
        )


@dataclass(frozen=True, slots=True)
class Disabled:
    """Switched off, and can be switched on again."""

    def check(self, use: Circumstance) -> Denial | None:  # noqa: ARG002
        """Always deny."""
        return Denial(
            "unauthenticated", "credential_disabled", "this credential is disabled", "disabled"
        )


@dataclass(frozen=True, slots=True)
class NotBefore:
    """Not good before an instant; good at it."""

    start: Instant

    def check(self, use: Circumstance) -> Denial | None:
        """Deny before `start`."""
        if use.at >= self.start:
            return None
        return Denial(
            "unauthenticated",
            "credential_not_yet_valid",
            "this credential is not valid yet",
            "not before",
        )


@dataclass(frozen=True, slots=True)
class Expiry:
    """Good until an instant, which is exclusive (Law 9)."""

    until: Instant

    def check(self, use: Circumstance) -> Denial | None:
        """Deny from `until` on."""
        if use.at < self.until:
            return None
        return Denial(
            "unauthenticated",
            "credential_expired",
            "this credential has expired; a new one must be generated",
            "expired",
        )


@dataclass(frozen=True, slots=True)
class Networks:
    """Good only from these networks; a list of none would refuse everything."""

    networks: tuple[Network, ...]

    def check(self, use: Circumstance) -> Denial | None:
        """Deny from elsewhere; the answer never lists what would be allowed."""
        if use.address is None:
            return Denial(
                "undecided",
                "network_undecided",
                "the client's address could not be determined",
                "network: no address",
            )
        if allows(self.networks, use.address):
            return None
        return Denial(
            "forbidden",
            "network_denied",
            "this credential may not be used from your address",
            "network",
        )
