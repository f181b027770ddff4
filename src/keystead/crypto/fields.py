"""The bytes of a version: its named values as one JSON object, to be sealed as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from keystead.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["pack_fields", "unpack_fields"]

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(dict[str, str])


def pack_fields(fields: Mapping[str, Secret]) -> bytes:
    """Return the bytes to seal."""
    return _ENCODER.encode({name: value.reveal() for name, value in fields.items()})


def unpack_fields(opened: bytes) -> dict[str, Secret]:
    """Return the fields of an opened version."""
    return {name: Secret(value) for name, value in _DECODER.decode(opened).items()}
