"""Passwords that people choose: Argon2id, and new ones for them.

Generated secrets are not hashed here: they hold 256 random bits and are stored as digests.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from keystead.core.errors import Broken
from keystead.core.secret import Secret

__all__ = ["NOBODYS_HASH", "BrokenPasswordHash", "hash_password", "new_password", "password_fits"]

# RFC 9106 §4, second recommended option (64 MiB), written out so that an update of the library does
# not change it. About 0.1 s of one processor: callers run it in a bounded pool. These are the only
# parameters there are: whoever changes them makes `NOBODYS_HASH` anew, which a test asks for.
_HASHER: Final = PasswordHasher(
    time_cost=3, memory_cost=64 * 1024, parallelism=4, hash_len=32, salt_len=16, type=Type.ID
)

NOBODYS_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$HM4W2ARnkLdhfL0kheEmug$kAKhE152zV1KvYbgOGkqsdTm8nlQDhJg/bsOs5cxaus"
)
"""The hash of 64 random bytes that nobody kept: what is checked for whoever has no password, so that it
takes as long as for the others."""

# Without 0 O o 1 I l, which people misread. 24 of 56 are 139 bits.
_UNAMBIGUOUS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
_NEW_LENGTH: Final = 24


class BrokenPasswordHash(Broken):
    """What is stored cannot be checked: altered, damaged, or too large for this machine's memory."""

    rule = "password hash altered or not checkable"


def hash_password(password: Secret) -> str:
    """Return the Argon2id hash to store, in the PHC string form with its parameters and salt."""
    return _HASHER.hash(_prepare(password))


def password_fits(password: Secret, hashed: str) -> bool:
    """Say whether the password is the one that was hashed.

    Raises:
        BrokenPasswordHash: `hashed` cannot be checked; the message does not repeat it.
    """
    try:
        return _HASHER.verify(hashed, _prepare(password))
    except VerifyMismatchError:
        return False
    except (InvalidHashError, UnicodeEncodeError):
        raise BrokenPasswordHash("the stored password hash is of an unknown form") from None
    except VerificationError as error:
        # Damage, or no memory for it: argon2's own sentence tells which, and repeats nothing.
        raise BrokenPasswordHash(f"the stored password hash cannot be checked: {error}") from None


def new_password() -> Secret:
    """Return 24 random characters, none of which is easily misread."""
    return Secret("".join([secrets.choice(_UNAMBIGUOUS) for _ in range(_NEW_LENGTH)]))


def _prepare(password: Secret) -> bytes:
    # RFC 8265 §4.2: one keyboard sends é as one code point, another as two. A lone surrogate is let
    # through, for the encoding error would carry the whole password.
    return unicodedata.normalize("NFC", password.reveal()).encode(errors="surrogatepass")
