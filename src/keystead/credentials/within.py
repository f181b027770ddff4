"""Whether one credential lies within another's bounds: what one makes or hands out may not be more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.policy.networks import covers
from keystead.policy.scopes import expand, levels_held, scopes_for

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.credentials.record import Credential
    from keystead.policy.catalogue.catalogue import APIs

__all__ = ["begins_earlier", "ends_later", "holds_more", "reaches_wider"]


def begins_earlier(one: Credential, other: Credential, at: Instant) -> bool:
    """Say whether `one` is good, at an instant or later, before `other` is."""
    if other.not_before is None or other.not_before <= at:
        return False
    return one.not_before is None or one.not_before < other.not_before


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


def holds_more(one: Credential, other: Credential, apis: APIs) -> bool:
    """Say whether `one` was given a scope or level that `other` was not; a level is more than its scopes."""
    return not all(
        expand(entry, actions := apis.actions(entry.api))
        <= scopes_for(entry.api, other.access, actions)
        and levels_held(entry.levels, entry.api, other.access)
        for entry in one.access
    )
