"""The static API token: one secret text that a script presents as it is (rows S1, S2, S11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["API_TOKEN", "APIToken"]


@dataclass(frozen=True, slots=True)
class APIToken:
    """The kind `api_token`, marked `kst_`."""

    name: str = "api_token"
    marks: Mapping[str, str] = field(default_factory=lambda: {"static": "t"})


API_TOKEN: Final = APIToken()
