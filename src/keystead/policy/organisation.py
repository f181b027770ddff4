"""The organisation's own rules for every credential: how long, from where, and how it is described.

They bind what is made or changed from then on, field by field: what stands keeps standing until somebody
touches it. Two are about the audit. Rows S12, C7, C12 and C13; Decisions 2 and 6 of
docs/features.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET, UnsetType

from keystead.core.clock import DAY
from keystead.core.errors import FieldError
from keystead.policy.networks import MAX_NETWORKS, MOST, is_public, parse_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keystead.core.clock import Instant

__all__ = ["BOUNDS", "DEFAULT", "Organisation", "Verifications"]

Verifications = Literal["counted", "all"]
"""How allowed verifications are accounted for."""

BOUNDS: Final = {
    "max_lifetime_days": (1, 3650),
    "max_networks": (MAX_NETWORKS, MOST),
    "max_access_tokens": (1, 100_000),
    "audit_retention_days": (30, 36_500),
}
"""The least and the most that a number may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The rules as they are now.

    Attributes:
        max_lifetime_days: from the making, or the change of its end; None means no such bound.
        allow_never: a credential may be without end; with a longest lifetime none may.
        require_networks: each credential is bound to networks.
        require_description: each says what it is for.
        max_networks: different entries of one credential.
        require_public_networks: no entry takes in a private or otherwise special address.
        max_access_tokens: live access tokens of one credential, past which the oldest end; None: no bound.
        audit_retention_days: how long an audit entry is kept at least; None: for ever.
        audit_verifications: allowed verifications are counted, or each of them has an entry too (all).
    """

    max_lifetime_days: int | None = None
    allow_never: bool = True
    require_networks: bool = False
    require_description: bool = False
    max_networks: int = MAX_NETWORKS
    require_public_networks: bool = False
    max_access_tokens: int | None = 1000
    audit_retention_days: int | None = None
    audit_verifications: Verifications = "counted"

    def wrong_numbers(self) -> Iterator[FieldError]:
        """Yield every number that is out of its bounds."""
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                yield FieldError(name, f"must be {low} to {high}")

    def wrong_end(
        self, expires_at: Instant | UnsetType | None, at: Instant
    ) -> Iterator[FieldError]:
        """Yield what is wrong with an end that is given now."""
        if expires_at is UNSET:
            return
        if expires_at is None:
            if not self.allow_never or self.max_lifetime_days is not None:
                yield FieldError(
                    "expires_at", "is needed: the organisation has nothing without end"
                )
        elif self.max_lifetime_days is not None and expires_at > at + self.max_lifetime_days * DAY:
            rule = f"must lie within {self.max_lifetime_days} days: the organisation's longest lifetime"
            yield FieldError("expires_at", rule)

    def wrong_description(self, description: str | UnsetType) -> Iterator[FieldError]:
        """Yield what is wrong with a description that is given now."""
        if self.require_description and description is not UNSET and not description.strip():
            yield FieldError("description", "is needed: the organisation asks what each one is for")

    def wrong_networks(self, networks: Sequence[str] | UnsetType) -> Iterator[FieldError]:
        """Yield what is wrong with networks that are given now, and that are well-formed."""
        if isinstance(networks, UnsetType):
            return
        if self.require_networks and not networks:
            yield FieldError("networks", "is needed: the organisation binds each one to networks")
        if self.require_public_networks:
            for i, text in enumerate(networks):
                try:
                    public = is_public(parse_network(text))
                except ValueError:
                    continue
                if not public:
                    rule = "takes in addresses that are not public, which the organisation refuses"
                    yield FieldError(f"networks[{i}]", rule)


DEFAULT: Final = Organisation()
"""What holds until somebody changes it."""
