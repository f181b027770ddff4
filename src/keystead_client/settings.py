"""What can be asked about the organisation's settings: makers of `Call` for `Client.send`."""

from __future__ import annotations

from keystead_client._core.arguments import UNSET, Unset, set_fields
from keystead_client._core.calls import Call, one
from keystead_client.records import Organisation

__all__ = ["edit", "get"]


def get() -> Call[Organisation]:
    """Ask for the organisation's rules for credentials and for the audit."""
    return Call("GET", "/settings", one(Organisation))


def edit(  # noqa: PLR0913  # an argument for each setting
    *,
    max_lifetime_days: int | Unset | None = UNSET,
    allow_never: bool | Unset = UNSET,
    require_networks: bool | Unset = UNSET,
    require_description: bool | Unset = UNSET,
    max_networks: int | Unset = UNSET,
    require_public_networks: bool | Unset = UNSET,
    max_access_tokens: int | Unset | None = UNSET,
    audit_retention_days: int | Unset | None = UNSET,
    audit_verifications: str | Unset = UNSET,
) -> Call[Organisation]:
    """Change rules; those for credentials bind what is made or changed from then on.

    Args:
        max_lifetime_days: the longest lifetime of a credential, 1 to 3650 days; None lifts the bound.
        allow_never: a credential may be without end, unless there is a longest lifetime.
        require_networks: each credential is bound to networks.
        require_description: each says what it is for.
        max_networks: different networks of one credential, 10 to 100.
        require_public_networks: no network takes in a private or otherwise special address.
        max_access_tokens: live access tokens of one credential, past which the oldest end; None: no bound.
        audit_retention_days: how long the audit is kept, 30 to 36500 days; older entries are deleted for
            good. None keeps it for ever.
        audit_verifications: allowed verifications are `counted`, or `all` are entered in the audit too.
    """
    body = set_fields(
        max_lifetime_days=max_lifetime_days,
        allow_never=allow_never,
        require_networks=require_networks,
        require_description=require_description,
        max_networks=max_networks,
        require_public_networks=require_public_networks,
        max_access_tokens=max_access_tokens,
        audit_retention_days=audit_retention_days,
        audit_verifications=audit_verifications,
    )
    return Call("PATCH", "/settings", one(Organisation), body=body)
