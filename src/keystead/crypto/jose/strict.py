"""What keys and assertions from outside are read by: strictly, and with None for whatever is not so.

A name that stands twice in a JSON object would let two readers see two objects; of base64url only the one
text is taken that an encoder writes (RFC 7515 §2 and §4).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from joserfc.util import urlsafe_b64decode

from keystead.core.secret import Secret

__all__ = ["jwt_id", "read_base64url", "read_object"]


def read_object(data: bytes) -> dict[str, Any] | None:
    """Read a JSON object in UTF-8 that has each name once; None where it is anything else."""
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_base64url(text: str) -> bytes | None:
    """Read base64url without padding; None where an encoder would have written another text."""
    try:
        return urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        return None


def jwt_id(token: Secret) -> str | None:
    """Return the `jti` that a JWT says of itself; nothing of it is believed yet."""
    payload = read_base64url(token.reveal().split(".")[1])
    claims = None if payload is None else read_object(payload)
    jti = None if claims is None else claims.get("jti")
    return jti if isinstance(jti, str) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(_: str) -> NoReturn:
    # NaN and the infinities, which Python reads and JSON does not have.
    raise ValueError("no number of JSON's")
