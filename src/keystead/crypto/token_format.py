"""The form of what can be presented: `ks` + mark + `_` + id (12) + secret (43) + check (6).

All digits are base62 (`0-9A-Za-z`), 65 characters in all. The id is public and names the
credential; the secret is 256 random bits; the check is CRC-32 (ISO-HDLC, as in zlib) over the 59
characters before it, so that a scanner or the door refuses a typing error without a look-up. The
check is no protection against a forger: only the digest is (`keystead.crypto.digest`).

The form is final; its golden vectors are `tests/vectors/tokens.json`. Beside it stands the form of what
another system made and was imported: 40 lower-case hex digits.
"""

from __future__ import annotations

import re
import secrets
import zlib
from types import MappingProxyType
from typing import Final, NamedTuple

from keystead.core.ids import BASE62, ID_LENGTH, random_base62
from keystead.core.secret import Secret

__all__ = [
    "MARKS",
    "TOKEN_LENGTH",
    "TOKEN_PATTERN",
    "TokenParts",
    "check_digits",
    "from_base62",
    "is_jwt",
    "is_legacy",
    "mint",
    "new_id12",
    "public_id",
    "read_public_id",
    "read_secret",
    "read_token",
    "to_base62",
    "token_within",
    "without_tokens",
]

MARKS: Final = MappingProxyType(
    {
        "t": "static API token",
        "d": "API token minted from a dynamic definition",
        "u": "user token",
        "k": "API key secret",
        "c": "OAuth client secret",
        "a": "access token",
        "s": "session",
    }
)
"""Every mark, and what it stands for."""

TOKEN_LENGTH: Final = 65
"""Characters of a whole token."""

TOKEN_PATTERN: Final = r"\bks[tdukcas]_[0-9A-Za-z]{61}\b"  # noqa: S105  # a form, not a token
"""What secret scanners look for; a hit whose check also fits is a Keystead token."""

# 62**43 is the first power of 62 above 2**256.
_SECRET_BITS: Final = 256
_SECRET_DIGITS: Final = 43
_CHECK_DIGITS: Final = 6

# The header is a JSON object, which begins with `{"` and therefore, in base64url, with `ey`.
_JWT: Final = re.compile(r"ey[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{40,2000}")
_WITHIN: Final = re.compile(r"ks[tdukcas]_[0-9A-Za-z]{61}")
# Up to where another one begins, since that one's mark would else be taken for a part of this one.
_MOST_OF_ONE: Final = re.compile(r"(ks[tdukcas]_[0-9A-Za-z]{12})(?:(?!ks[tdukcas]_)[0-9A-Za-z])+")

# Claims, which as a JSON object begin with `{"` and a letter, and a signature or what is left of one. From
# the dot before them on, and without going back, so that no text takes longer than it is long.
_CLAIMED: Final = r"eyJ[A-Za-z0-9_-]{6,}+\.[A-Za-z0-9_-]"
_SIGNED: Final = re.compile(rf"(?<=[A-Za-z0-9_-])\.{_CLAIMED}++(?:\.[A-Za-z0-9_-]++)*+")
# Where it is looked for only: what seems to be claims may be the header of one that begins a dot later.
_SIGNED_WHOLE: Final = re.compile(rf"(?<=[A-Za-z0-9_-])\.(?=({_CLAIMED}{{40,}}+))")
_BASE64URL: Final = f"{BASE62}-_"

_match = re.compile(r"ks[tdukcas]_[0-9A-Za-z]{61}").fullmatch
_match_legacy = re.compile(r"[0-9a-f]{40}").fullmatch
_match_id = re.compile(r"ks([tdukcas])_([0-9A-Za-z]{12})").fullmatch

# Two digits at a time, and by multiplying: dividing a 32-bit number costs more than the CRC does.
_PAIRS: Final = {
    high + low: i * len(BASE62) + j for i, high in enumerate(BASE62) for j, low in enumerate(BASE62)
}
_PAIR: Final = len(_PAIRS)
_WRITTEN: Final = tuple(_PAIRS)
_PAIR_SQUARED: Final = _PAIR * _PAIR

_VALUES: Final = {digit: value for value, digit in enumerate(BASE62)}


class TokenParts(NamedTuple):
    """What a well-formed token says of itself; nothing of it is believed yet."""

    mark: str
    id12: str


def mint(mark: str, id12: str) -> Secret:
    """Make a new token of this kind for the credential with this id.

    Args:
        mark: one of `MARKS`.
        id12: the credential's own twelve characters; they stay the same over rotations.

    Raises:
        ValueError: the mark or the id has another form.
    """
    body = public_id(mark, id12) + to_base62(secrets.randbits(_SECRET_BITS), _SECRET_DIGITS)
    return Secret(body + check_digits(body))


def new_id12() -> str:
    """Return twelve random base62 characters for a new credential."""
    return random_base62(ID_LENGTH)


def public_id(mark: str, id12: str) -> str:
    """Return what people and logs call the credential: `kst_` + id, `ksk_` + id, and so on.

    Raises:
        ValueError: the mark or the id has another form.
    """
    if mark not in MARKS:
        raise ValueError("no such mark")
    if len(id12) != ID_LENGTH or not (id12.isascii() and id12.isalnum()):
        raise ValueError("a credential's id is twelve base62 characters")
    return f"ks{mark}_{id12}"


def read_public_id(text: str) -> tuple[str, str] | None:
    """Return the mark and the twelve characters of a public id; None when it has another form."""
    found = _match_id(text)
    return None if found is None else (found[1], found[2])


def read_token(text: str) -> TokenParts | None:
    """Take a token apart; None when its length, alphabet, mark or check is wrong.

    Asked once for every request: about 1 µs.
    """
    if _match(text) is None:
        return None
    check = _PAIRS[text[59:61]] * _PAIR_SQUARED + _PAIRS[text[61:63]] * _PAIR + _PAIRS[text[63:]]
    if check != zlib.crc32(text[:59].encode()):
        return None
    return TokenParts(text[2], text[4:16])


def read_secret(secret: Secret) -> TokenParts | None:
    """Take apart what was presented, without its leaving this room; as `read_token`."""
    return read_token(secret.reveal())


def is_jwt(secret: Secret) -> bool:
    """Say whether it has the form of a signed JWT in compact serialisation (RFC 7515 §7.1)."""
    return _JWT.fullmatch(secret.reveal()) is not None


def is_legacy(secret: Secret) -> bool:
    """Say whether it has the form of a token that may have been imported."""
    return _match_legacy(secret.reveal()) is not None


def token_within(text: str) -> Secret | None:
    """Return the first token that stands in a text, or else the first signed JWT.

    Whatever stands around it, and whatever its check or its signature.
    """
    found = _WITHIN.search(text) if "_" in text else None
    if found is not None:
        return Secret(found[0])
    for signed in _SIGNED_WHOLE.finditer(text) if ".eyJ" in text else ():
        before = text[: signed.start()]
        _, ey, header = before[len(before.rstrip(_BASE64URL)) :].partition("ey")
        if ey:
            return Secret(f"{ey}{header}.{signed[1]}")
    return None


def without_tokens(text: str) -> str:
    """Return a text in which of each token, or of what is left of one, only the public id stands (Law 6).

    Of a signed JWT its header is left.
    """
    # Nearly every id has a "_", and is looked at in each act.
    if "ks" in text and "_" in text:
        text = _MOST_OF_ONE.sub(r"\1…", text)
    return _SIGNED.sub(".…", text) if ".eyJ" in text else text


def check_digits(body: str) -> str:
    """Return the CRC-32 of an ASCII text as six base62 digits."""
    return to_base62(zlib.crc32(body.encode("ascii")), _CHECK_DIGITS)


def to_base62(number: int, digits: int) -> str:
    """Write a number in base62 at a fixed width, the most significant digit first.

    Raises:
        ValueError: the number is negative or needs more digits.
    """
    out = []
    for _ in range(digits // 2):
        number, pair = divmod(number, _PAIR)
        out.append(_WRITTEN[pair])
    if digits % 2:
        number, digit = divmod(number, len(BASE62))
        out.append(BASE62[digit])
    if number:
        raise ValueError("the number does not fit the width")
    out.reverse()
    return "".join(out)


def from_base62(text: str) -> int | None:
    """Read base62 digits; None when there is another character."""
    number = 0
    for digit in text:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * len(BASE62) + value
    return number
