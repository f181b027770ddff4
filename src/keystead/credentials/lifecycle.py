"""The life of a credential: its state at an instant, and the steps from one state to the next.

    created → active ⇄ disabled          expired is a matter of the clock, not of a step
        any → revoked (for good)         rotate gives a new secret; the old one retires at its instant
        any → deleted (a tombstone that is revoked, with its name freed)

Rows S22, S23, S26, A7, C23, C24 of docs/features.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from msgspec import UNSET, UnsetType

from keystead.core.clock import DAY, SECOND, Instant, later
from keystead.core.errors import Conflict, FieldError, Invalid
from keystead.core.names import clean_name
from keystead.policy.networks import MOST, parse_networks
from keystead.policy.restrictions import (
    Disabled,
    Expiry,
    Networks,
    NotBefore,
    Restriction,
    Retired,
    Revoked,
)

if TYPE_CHECKING:
    from keystead.credentials.record import Credential, StoredSecret
    from keystead.credentials.wish import CredentialWish
    from keystead.policy.catalogue.catalogue import APIs
    from keystead.policy.organisation import Organisation

__all__ = [
    "EXPIRING_DAYS",
    "MAX_LIVE_SECRETS",
    "MAX_OVERLAP_SECONDS",
    "State",
    "bounds",
    "disabled",
    "edited",
    "enabled",
    "former",
    "has_ended",
    "live_secrets",
    "refreshed",
    "retirement",
    "revoked",
    "rotated",
    "state",
]

T = TypeVar("T")
State = Literal["active", "expiring", "expired", "not_yet_valid", "disabled", "revoked"]

EXPIRING_DAYS: Final = 30
"""Row C20: expiring means that the end lies within so many days."""

MAX_OVERLAP_SECONDS: Final = 7 * 24 * 3600
"""Row S23: an old secret may live on for at most seven days."""

MAX_LIVE_SECRETS: Final = 5
"""Rotations with overlap pile up; past this many live secrets a rotation is a conflict."""


def state(credential: Credential, at: Instant) -> State:
    """Return the state at an instant; the gravest one where several hold."""
    if credential.revoked_at is not None:
        return "revoked"
    if credential.disabled_at is not None:
        return "disabled"
    if credential.not_before is not None and at < credential.not_before:
        return "not_yet_valid"
    if credential.expires_at is None:
        return "active"
    if at >= credential.expires_at:
        return "expired"
    return "expiring" if credential.expires_at - at <= EXPIRING_DAYS * DAY else "active"


def bounds(credential: Credential, secret: StoredSecret) -> tuple[Restriction, ...]:
    """Return the restrictions of a use of this secret, the gravest first."""
    found: list[Restriction] = []
    if credential.revoked_at is not None:
        found.append(Revoked())
    if secret.retires_at is not None:
        found.append(Retired(secret.retires_at))
    if credential.disabled_at is not None:
        found.append(Disabled())
    if credential.not_before is not None:
        found.append(NotBefore(credential.not_before))
    if credential.expires_at is not None:
        found.append(Expiry(credential.expires_at))
    if credential.networks:
        found.append(Networks(credential.networks))
    return tuple(found)


def edited(
    credential: Credential,
    wish: CredentialWish,
    at: Instant,
    apis: APIs,
    organisation: Organisation,
) -> Credential:
    """Return the credential with the wished fields changed.

    Raises:
        Conflict: it is revoked, or has expired and its end was to be moved (that takes a rotation).
        Invalid: a field is wrong.
    """
    if credential.revoked_at is not None:
        raise Conflict("wrong_state", "a revoked credential cannot be changed")
    if wish.expires_at is not UNSET and has_ended(credential, at):
        raise Conflict(
            "wrong_state", "an expired credential is not revived by an edit; rotate it instead"
        )
    wish.require(at, apis, organisation)
    made = replace(
        credential,
        name=clean_name(_chosen(wish.name, credential.name)),
        description=_chosen(wish.description, credential.description),
        access=_chosen(wish.access, credential.access),
        networks=(
            credential.networks if wish.networks is UNSET else parse_networks(wish.networks, MOST)
        ),
        expires_at=_chosen(wish.expires_at, credential.expires_at),
        not_before=_chosen(wish.not_before, credential.not_before),
        metadata=_chosen(wish.metadata, credential.metadata),
        legacy_audience=_chosen(wish.legacy_audience, credential.legacy_audience),
        max_uses=_chosen(wish.max_uses, credential.max_uses),
        modified_at=at,
        revision=credential.revision + 1,
    )
    _require_order(made)
    if isinstance(wish.max_uses, int) and wish.max_uses <= credential.uses:
        used = f"must be more than the {credential.uses} uses that it has had"
        raise Invalid.of(FieldError("max_uses", used))
    return made


def revoked(credential: Credential, at: Instant) -> Credential:
    """Return it ended for good; a second time changes nothing."""
    if credential.revoked_at is not None:
        return credential
    return replace(credential, revoked_at=at, modified_at=at, revision=credential.revision + 1)


def disabled(credential: Credential, at: Instant, *, from_above: bool = False) -> Credential:
    """Return it switched off; a second time changes nothing, unless it comes from further above.

    Raises:
        Conflict: it is revoked.
    """
    _require_not_revoked(credential, "disabled")
    from_above = from_above or credential.disabled_from_above
    if credential.disabled_at is not None and from_above == credential.disabled_from_above:
        return credential
    return replace(
        credential,
        disabled_at=at if credential.disabled_at is None else credential.disabled_at,
        disabled_from_above=from_above,
        modified_at=at,
        revision=credential.revision + 1,
    )


def enabled(credential: Credential, at: Instant) -> Credential:
    """Return it switched on; a second time changes nothing.

    Raises:
        Conflict: it is revoked.
    """
    _require_not_revoked(credential, "enabled")
    if credential.disabled_at is None:
        return credential
    return replace(
        credential,
        disabled_at=None,
        disabled_from_above=False,
        modified_at=at,
        revision=credential.revision + 1,
    )


def rotated(
    credential: Credential,
    at: Instant,
    expires_at: Instant | UnsetType | None,
    organisation: Organisation,
    older_end_at: Instant,
    *,
    resets_uses: bool,
) -> Credential:
    """Return the credential as it stands after a rotation, with its new end where one was given.

    A former id ends with the older secrets. Where it `resets_uses` they count from nought.

    Raises:
        Conflict: it is revoked, or has expired and no new end was given.
        Invalid: the new end lies in the past, or later than the organisation allows.
    """
    _require_not_revoked(credential, "rotated")
    if expires_at is UNSET and has_ended(credential, at):
        raise Conflict("wrong_state", "an expired credential is rotated with a new expires_at")
    if isinstance(expires_at, int) and expires_at <= at:
        raise Invalid.of(FieldError("expires_at", "must lie in the future"))
    if wrong := tuple(organisation.wrong_end(expires_at, at)):
        raise Invalid.of(*wrong)
    ends = credential.former_ends_at
    made = replace(
        credential,
        expires_at=_chosen(expires_at, credential.expires_at),
        former_ends_at=None if ends is None else min(ends, older_end_at),
        uses=0 if resets_uses else credential.uses,
        modified_at=at,
        revision=credential.revision + 1,
    )
    _require_order(made)
    return made


def refreshed(
    credential: Credential, credential_id: str, at: Instant, former_ends_at: Instant
) -> Credential:
    """Return what takes a credential's place under another id; the old one is good until its end.

    Raises:
        Conflict: it is revoked or has expired, or still has a former id.
    """
    _require_not_revoked(credential, "refreshed")
    if has_ended(credential, at):
        raise Conflict(
            "wrong_state", "an expired credential is rotated first, with a new expires_at"
        )
    overlaps = former_ends_at > at
    if overlaps and former(credential, at) is not None:
        raise Conflict(
            "wrong_state",
            "its former id is good still; wait until it ends, or refresh without overlap",
        )
    return replace(
        credential,
        id=credential_id,
        modified_at=at,
        last_refreshed_at=at,
        former_id=credential.id if overlaps else None,
        former_ends_at=former_ends_at if overlaps else None,
        revision=1,
    )


def former(credential: Credential, at: Instant) -> str | None:
    """Return the former id under which a credential is still found at an instant."""
    end = credential.former_ends_at
    return credential.former_id if end is not None and at < end else None


def live_secrets(secrets: tuple[StoredSecret, ...], at: Instant) -> tuple[StoredSecret, ...]:
    """Return the secrets that are still accepted at an instant."""
    return tuple(s for s in secrets if s.retires_at is None or at < s.retires_at)


def retirement(at: Instant, overlap_seconds: int) -> Instant:
    """Return when the secrets before a rotation retire.

    Raises:
        Invalid: the overlap is negative or longer than seven days.
    """
    if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
        msg = "the rotation cannot be made like this"
        rule = f"must be 0 to {MAX_OVERLAP_SECONDS}"
        raise Invalid(msg, FieldError("overlap_seconds", rule))
    return later(at, overlap_seconds * SECOND)


def has_ended(credential: Credential, at: Instant) -> bool:
    """Say whether it is past its end, whatever its state: one that is off as well is not revived."""
    return credential.expires_at is not None and at >= credential.expires_at


def _require_not_revoked(credential: Credential, verb: str) -> None:
    if credential.revoked_at is not None:
        raise Conflict("wrong_state", f"a revoked credential cannot be {verb}")


def _require_order(credential: Credential) -> None:
    if (
        credential.not_before is not None
        and credential.expires_at is not None
        and credential.not_before >= credential.expires_at
    ):
        raise Invalid.of(FieldError("not_before", "must lie before expires_at"))


def _chosen(wished: T | UnsetType, now: T) -> T:
    return now if isinstance(wished, UnsetType) else wished
