"""What an API is told about a credential that it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keystead_client.records.common import Raw, Ref

__all__ = ["Verdict", "VerifiedOwner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedOwner:
    """Whose credential it is; `external_id` is what you call him."""

    id: str
    kind: str
    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome.

    Attributes:
        active: it is good for this.
        code: `VALID`, or why not; for you, not for the client.
        credential: which one; None where there is none that you may learn of.
        scopes: what it holds on the API.
        expires_at: its end; None means never, or that it is not good.
        cache_ttl: seconds for which the outcome may be kept.
    """

    active: bool
    code: str
    credential: Ref | None
    owner: VerifiedOwner | None
    scopes: tuple[str, ...]
    expires_at: datetime | None
    metadata: Mapping[str, str]
    cache_ttl: int
    request_id: str
    raw: Raw = field(repr=False, compare=False)
