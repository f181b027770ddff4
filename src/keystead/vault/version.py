"""Versions: the sealed fields of an account, numbered, never changed once written.

All fields of a version are sealed together (`crypto.fields`), so that no field of one version can be put
beside those of another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from keystead.core.errors import CheckFailed, FieldError, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keystead.core.clock import Instant
    from keystead.core.secret import Secret

__all__ = [
    "MAX_FIELDS",
    "MAX_VALUE_BYTES",
    "SealedVersion",
    "next_number",
    "require_fields",
    "wrong_fields",
]

MAX_FIELDS: Final = 32
MAX_VALUE_BYTES: Final = 65_536
"""UTF-8 bytes of one field's value: room for keys and certificate chains, not for files."""

_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)


class SealedVersion(Struct, frozen=True):
    """One version as it is stored.

    Attributes:
        n: its number, from 1 without gaps.
        sealed: the envelope over all its fields.
        field_names: the fields' names, readable without the key.
    """

    account_id: str
    n: int
    sealed: bytes
    field_names: tuple[str, ...]
    created_by: str
    created_at: Instant


def wrong_fields(fields: Mapping[str, Secret]) -> list[FieldError]:
    """Return every wrong field by name; a message never holds a value."""
    return list(_wrong(fields))


def require_fields(fields: Mapping[str, Secret]) -> None:
    """Raise `Invalid` with every wrong field."""
    if wrong := wrong_fields(fields):
        raise Invalid.of(*wrong)


def next_number(newest: int, expected: int | None) -> int:
    """Return the next version's number.

    Args:
        newest: the newest version now.
        expected: the version the writer believes to be the newest; None where he does not care.

    Raises:
        CheckFailed: somebody else has written since.
    """
    if expected is not None and expected != newest:
        msg = f"the newest version is {newest}, not {expected}"
        raise CheckFailed(msg)
    return newest + 1


def _wrong(fields: Mapping[str, Secret]) -> Iterator[FieldError]:
    if not fields:
        yield FieldError("fields", "must hold at least one field")
    if len(fields) > MAX_FIELDS:
        yield FieldError("fields", f"must hold at most {MAX_FIELDS} fields")
        return
    for name, value in fields.items():
        if _FIELD_NAME.fullmatch(name) is None:
            yield FieldError("fields", "each name must be 1 to 64 of A-Z a-z 0-9 _ . -")
        elif value.size > MAX_VALUE_BYTES:
            yield FieldError(f"fields.{name}", f"must be at most {MAX_VALUE_BYTES} bytes")
        elif not value.size:
            yield FieldError(f"fields.{name}", "must not be empty")
