"""The API key: a public id and a secret, which a client presents alone or as a pair (rows C1, C16 to C25).

A `key_admin` key manages API keys and nothing else (`key_admin`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from keystead.policy.key_admin import KEY_ADMIN

__all__ = ["API_KEY", "APIKey"]


@dataclass(frozen=True, slots=True)
class APIKey:
    """The kind `api_key`, marked `ksk_`."""

    name: str = "api_key"
    marks: Mapping[str, str] = field(default_factory=lambda: {"static": "k", KEY_ADMIN: "k"})


API_KEY: Final = APIKey()
