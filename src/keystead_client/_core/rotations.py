"""How a credential gets a new secret, or new keys: makers of `Call`, offered by `credentials`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from keystead_client._core.arguments import UNSET, Unset, path_of, set_fields
from keystead_client._core.calls import Call, one
from keystead_client._core.wishes import credential_of, period
from keystead_client.records import Credential, Issued

__all__ = ["refresh", "register_keys", "rotate", "rotate_self"]


def rotate(
    credential_id: str,
    *,
    overlap_seconds: int | Unset = UNSET,
    revoke_after_first_use: bool | Unset = UNSET,
    expires_at: datetime | Unset | None = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    end_access_tokens: bool | Unset = UNSET,
) -> Call[Issued]:
    """Give it a new secret; older ones are refused from now on, after the overlap, or at its first use.

    Args:
        credential_id: whose.
        overlap_seconds: 0 to 604,800; left out, 0, or with `revoke_after_first_use` 604,800.
        revoke_after_first_use: the new secret's first use ends the older ones, if the overlap has not.
        expires_at: its new end; left out, the old one stays.
        expires_in: its new end, as a period from now on.
        end_access_tokens: access tokens that older secrets were given end now.
    """
    body = set_fields(
        overlap_seconds=overlap_seconds,
        revoke_after_first_use=revoke_after_first_use,
        expires_at=expires_at,
        expires_in=period(expires_in),
        end_access_tokens=end_access_tokens,
    )
    return Call("POST", path_of("credentials", credential_id, "rotate"), one(Issued), body=body)


def register_keys(
    credential_id: str,
    public_jwks: Mapping[str, object],
    *,
    overlap_seconds: int | Unset = UNSET,
    expires_at: datetime | Unset | None = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    end_access_tokens: bool | Unset = UNSET,
) -> Call[Credential]:
    """Register an OAuth client's public keys, in place of the keys or secrets that it has.

    Args:
        credential_id: whose.
        public_jwks: `{"keys": […]}`; an old key stays good as long as it stands in the set.
        overlap_seconds: how long secrets stay good that the keys replace.
        expires_at: its new end; left out, the old one stays.
        expires_in: its new end, as a period from now on.
        end_access_tokens: access tokens that were given before end now.
    """
    body = set_fields(
        public_jwks=dict(public_jwks),
        overlap_seconds=overlap_seconds,
        expires_at=expires_at,
        expires_in=period(expires_in),
        end_access_tokens=end_access_tokens,
    )
    return Call("POST", path_of("credentials", credential_id, "rotate"), credential_of, body=body)


def refresh(
    credential_id: str,
    *,
    overlap_seconds: int | Unset = UNSET,
    revoke_after_first_use: bool | Unset = UNSET,
) -> Call[Issued]:
    """Give an API key a new id and secret; the old ones, and what they were given, end now or later.

    Args:
        credential_id: whose.
        overlap_seconds: how long the old id and its secrets stay good, as of `rotate`.
        revoke_after_first_use: the new secret's first use ends them, if the overlap has not.
    """
    body = set_fields(
        overlap_seconds=overlap_seconds, revoke_after_first_use=revoke_after_first_use
    )
    return Call("POST", path_of("credentials", credential_id, "refresh"), one(Issued), body=body)


def rotate_self(
    *,
    overlap_seconds: int | Unset = UNSET,
    revoke_after_first_use: bool | Unset = UNSET,
    end_access_tokens: bool | Unset = UNSET,
) -> Call[Issued]:
    """Give the caller's own credential a new secret; its end stays. The rest as `rotate`."""
    body = set_fields(
        overlap_seconds=overlap_seconds,
        revoke_after_first_use=revoke_after_first_use,
        end_access_tokens=end_access_tokens,
    )
    return Call("POST", "/self/rotate", one(Issued), body=body)
