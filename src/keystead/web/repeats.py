"""Requests that may come twice, told by their `Idempotency-Key`.

The header is read as Stripe's clients send it, `k-1`, and as draft-ietf-httpapi-idempotency-key-header §2.1
does, `"k-1"`: a Structured Field string (RFC 9651 §3.3.3), of which a narrower alphabet is taken here.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from keystead.core.errors import FieldError, Invalid
from keystead.gate.acts.once import RequestKey

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORM", "HEADER", "REPEATED", "request_key"]

HEADER: Final = "Idempotency-Key"
FORM: Final = "[A-Za-z0-9_-]{1,64}"
"""What a key is made of; a token is longer, so that none is kept as one."""

REPEATED: Final = {"Idempotency-Replayed": "true"}
"""The header of an answer that was given before."""

_NAME: Final = HEADER.lower().encode()
_KEY: Final = re.compile(rf'({FORM})|"({FORM})"'.encode())


def request_key(scope: Mapping[str, Any], body: bytes) -> RequestKey | None:
    """Return a request's key, with a digest of its method, its whole URL and its body; None without one.

    Raises:
        Invalid: the header has another form, or stands there twice.
    """
    found = [value for name, value in scope["headers"] if name == _NAME]
    if not found:
        return None
    match = _KEY.fullmatch(found[0].strip())
    if match is None or len(found) > 1:
        sentence = "must be 1 to 64 letters, digits, hyphens or underscores, and stand there once"
        raise Invalid.of(FieldError(HEADER, sentence))
    digest = sha256()
    for part in (scope["method"].encode(), scope["raw_path"], scope["query_string"], body):
        # With the lengths in front no two requests are the same bytes.
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return RequestKey((match[1] or match[2]).decode(), digest.digest())
