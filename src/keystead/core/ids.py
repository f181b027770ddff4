"""Typed identifiers: a prefix that names the noun, then twelve random base62 characters."""

from __future__ import annotations

import secrets
from typing import Final

__all__ = ["BASE62", "ID_LENGTH", "is_id", "new_id", "random_base62"]

BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# 62**12 is about 2**71: with ten million objects a collision has a chance of about 10**-8,
# and the primary key refuses it.
ID_LENGTH: Final = 12

_ALPHABET = frozenset(BASE62)

# A random byte stands for a digit; those past the last whole round of the alphabet would favour some.
_ROUNDS: Final = 256 // len(BASE62) * len(BASE62)
_DIGIT_OF: Final = bytes(ord(BASE62[byte % len(BASE62)]) for byte in range(256))
_UNFAIR: Final = bytes(range(_ROUNDS, 256))


def random_base62(length: int) -> str:
    """Return `length` base62 characters from the operating system's generator."""
    found = b""
    while len(found) < length:
        found += secrets.token_bytes(length + 4).translate(_DIGIT_OF, _UNFAIR)
    return found[:length].decode()


def new_id(prefix: str) -> str:
    """Return a fresh id such as `acct_3kT0…`; `prefix` comes without the underscore."""
    return f"{prefix}_{random_base62(ID_LENGTH)}"


def is_id(prefix: str, text: str) -> bool:
    """Say whether `text` has the form of an id of this prefix (not whether it exists)."""
    head, _, tail = text.partition("_")
    return head == prefix and len(tail) == ID_LENGTH and _ALPHABET.issuperset(tail)
