"""The only place where a `Secret` becomes bytes for a client.

An answer with a secret is encoded here and nowhere else: any other encoder refuses the type. Its headers
keep it out of every cache.
"""

from __future__ import annotations

from typing import Final

import msgspec

from keystead.core.secret import Secret

__all__ = ["as_json", "as_text"]


def _reveal(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_reveal)


def as_json(answer: msgspec.Struct) -> bytes:
    """Return an answer's JSON with its secrets in it."""
    return _ENCODER.encode(answer)


def as_text(secret: Secret) -> bytes:
    """Return one secret's UTF-8 bytes, bare: what a configuration file or a shell wants."""
    return secret.reveal().encode()
