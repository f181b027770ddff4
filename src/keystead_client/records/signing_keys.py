"""The keys that sign access tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keystead_client.records.common import Raw

__all__ = ["SigningKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that signs access tokens which are JWTs.

    Its `state` is `next` while it is published and does not sign yet, then `signing`, `retiring`
    until the last token that it signed has ended, and `ended`. `ends_at` is None until another key
    succeeds it.
    """

    kid: str
    algorithm: str
    state: str
    created_at: datetime
    signs_from: datetime
    ends_at: datetime | None
    public_jwk: Mapping[str, object]
    raw: Raw = field(repr=False, compare=False)
