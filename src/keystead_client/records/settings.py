"""The organisation's rules for credentials and for the audit."""

from __future__ import annotations

from dataclasses import dataclass, field

from keystead_client.records.common import Raw

__all__ = ["Organisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """What binds every credential that is made or changed, and how long the audit is kept.

    See `keystead_client.settings.edit`.
    """

    max_lifetime_days: int | None
    allow_never: bool
    require_networks: bool
    require_description: bool
    max_networks: int
    require_public_networks: bool
    max_access_tokens: int | None
    audit_retention_days: int | None
    audit_verifications: str = "counted"
    raw: Raw = field(repr=False, compare=False)
