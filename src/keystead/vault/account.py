"""Accounts: a vault entry's description. Its values are in `version`, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType

from keystead.core.errors import FieldError
from keystead.core.names import name_key, wrong_name, wrong_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keystead.core.clock import Instant

__all__ = ["MAX_NOTES", "MAX_TAGS", "Account", "AccountWish"]

MAX_NOTES: Final = 10_000
MAX_TAGS: Final = 50
_LIMITS: Final = {"username": 255, "target": 1000, "type": 64}
_MAX_TAG: Final = 64


class Account(Struct, frozen=True, kw_only=True):
    """A vault entry without its values.

    Attributes:
        id: `acct_…`.
        username: the login name on the target; not sealed.
        target: where it is an account, such as `orders-db.internal:5432`.
        type: a word of the organisation's own, such as `database`.
        version: the number of the newest sealed version, from 1.
        field_names: the names of that version's sealed fields.
        revision: raised by each change of the description.
    """

    id: str
    folder_id: str
    name: str
    username: str
    target: str
    type: str
    tags: tuple[str, ...]
    notes: str
    version: int
    field_names: tuple[str, ...]
    created_by: str
    created_at: Instant
    modified_at: Instant
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWish:
    """The fields of an account's description that its maker or editor may choose."""

    folder_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    notes: str | UnsetType = UNSET

    def wrong(self) -> list[FieldError]:
        """Return every wrong field."""
        return list(self._wrong())

    def _wrong(self) -> Iterator[FieldError]:
        if self.name is not UNSET and (rule := wrong_name(self.name, in_path=True)):
            yield FieldError("name", rule)
        for field, limit in _LIMITS.items():
            text = getattr(self, field)
            if text is not UNSET and (rule := wrong_text(text, limit)):
                yield FieldError(field, rule)
        if self.notes is not UNSET and (rule := wrong_text(self.notes, MAX_NOTES, lines=True)):
            yield FieldError("notes", rule)
        if self.tags is not UNSET:
            yield from _wrong_tags(self.tags)


def _wrong_tags(tags: tuple[str, ...]) -> Iterator[FieldError]:
    if len(tags) > MAX_TAGS:
        yield FieldError("tags", f"at most {MAX_TAGS}")
        return
    keys: set[str] = set()
    for i, tag in enumerate(tags):
        if (rule := wrong_text(tag, _MAX_TAG)) or (rule := wrong_name(tag)):
            yield FieldError(f"tags[{i}]", rule)
            continue
        key = name_key(tag)
        if key in keys:
            yield FieldError(f"tags[{i}]", "stands twice")
        keys.add(key)
