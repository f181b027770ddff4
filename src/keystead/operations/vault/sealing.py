"""Where a version is sealed, and by which name: the row, column and number it is bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.crypto.envelope import Place
from keystead.crypto.fields import pack_fields, unpack_fields
from keystead.vault.version import SealedVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act

__all__ = ["open_version", "place_of_version", "seal_version"]


def seal_version(act: Act, account_id: str, n: int, fields: Mapping[str, Secret]) -> SealedVersion:
    """Return the version of these fields, sealed to its own place."""
    sealed = act.keyring.sealer.seal(place_of_version(account_id, n), pack_fields(fields))
    return SealedVersion(account_id, n, sealed, tuple(fields), act.caller.owner_id, act.at)


def open_version(act: Act, version: SealedVersion) -> dict[str, Secret]:
    """Return a version's fields.

    Raises:
        BrokenEnvelope: it was altered, or moved here from another place.
    """
    return unpack_fields(
        act.keyring.sealer.open(place_of_version(version.account_id, version.n), version.sealed)
    )


def place_of_version(account_id: str, n: int) -> Place:
    """Return what a version is bound to."""
    return Place("account_versions", account_id, "sealed", n)
