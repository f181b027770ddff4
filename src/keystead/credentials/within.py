"""Whether one credential lies within another's bounds: what one makes or hands out may not be more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.policy.networks import covers

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential

__all__ = ["ends_later", "reaches_wider"]


def ends_later(one: Credential, end: Instant | None) -> bool:
    """Say whether `one` is good beyond an end; never ending (None) is longest."""
    if end is None:
        return False
    return one.expires_at is None or one.expires_at > end


def reaches_wider(one: Credential, other: Credential) -> bool:
    """Say whether `one` may be used from somewhere that `other` may not; no networks is anywhere."""
    if not other.networks:
        return False
    return not one.networks or not all(covers(other.networks, network) for network in one.networks)
