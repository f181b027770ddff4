"""What several nouns share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

__all__ = ["LastUse", "Raw", "Ref"]

Raw: TypeAlias = Mapping[str, object]
"""An object of an answer as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A named object: its id, kind and name."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """When, from where and by which program something was last used, and how often in all."""

    at: datetime
    address: str = ""
    agent: str = ""
    uses: int
