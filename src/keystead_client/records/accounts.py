"""Accounts, their versions and their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keystead_client._core.secret import Secret
from keystead_client.records.common import Raw

__all__ = ["Account", "SecretValue", "Version", "Written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A vault entry's facts; `version` is the newest, and the values are fetched apart."""

    id: str
    folder_id: str
    path: str
    name: str
    username: str = ""
    target: str = ""
    type: str = ""
    tags: tuple[str, ...]
    notes: str = ""
    version: int
    field_names: tuple[str, ...]
    created_by: str = ""
    created_at: datetime
    modified_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """That a version exists: its number, when and by whom, and which fields it has."""

    n: int
    created_at: datetime
    created_by: str = ""
    field_names: tuple[str, ...]
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretValue:
    """The value of one version of an account."""

    account_id: str
    version: int
    username: str = ""
    fields: Mapping[str, Secret]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """That a new version was kept."""

    account_id: str
    version: int
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)
