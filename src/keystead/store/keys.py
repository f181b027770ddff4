"""The keyring's rows as an engine reads them before the schema is brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keystead.crypto.keyring import WrappedKey
from keystead.ports.keyring import KeptKeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["kept_keys"]


def kept_keys(installation: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> KeptKeys:
    """Return the keys of whole rows; what an older form does not have yet is at its default."""
    keys = [
        WrappedKey(
            row["purpose"], row["n"], row["wrapped"], row.get("superseded_at"), row.get("seals", 0)
        )
        for row in rows
    ]
    derivation = installation.get("master_derivation", "")
    return KeptKeys(installation["master_key_id"], keys, derivation)
