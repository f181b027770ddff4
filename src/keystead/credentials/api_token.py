"""The static API token: one secret text that a script presents as it is (rows S1, S2, S11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["API_TOKEN", "APIToken"]


@dataclass(frozen=True, slots=True)
class APIToken:
    """The kind `api_token`, marked `kst_`."""

    name: str = "api_token"
    mark: str = "t"
    types: tuple[str, ...] = ("static",)


API_TOKEN: Final = APIToken()
