"""Which source of the master key settings name, and that they name one alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.master.source import KeyText, Passphrase
from keystead.crypto.master.token import Token

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MASTER_SETTINGS", "SECRET_SETTINGS", "Given", "given_by", "variable_of"]

Given = KeyText | Passphrase | Token
"""What the key comes from if not from its file in the data directory, or one that is named."""

_PREFIX: Final = "KEYSTEAD_"
_SOURCES: Final = (
    "master_key_file",
    "master_key",
    "master_passphrase",
    "master_passphrase_file",
    "master_pkcs11",
)
_PIN: Final = "master_pin"

MASTER_SETTINGS: Final = (*_SOURCES, _PIN)
"""Every setting about it."""

SECRET_SETTINGS: Final = frozenset({"master_key", "master_passphrase", _PIN})
"""Those that may only stand in the environment: beside the database they would lie in the same backup."""


def given_by(found: Mapping[str, str], base: Path) -> Given | None:
    """Return what settings by name say that the key comes from; None for a file.

    Args:
        found: what was given, in the file of settings or in the environment.
        base: where paths begin.

    Raises:
        Misconfigured: there are two sources, or a PIN for nothing.
    """
    given = [name for name in _SOURCES if name in found]
    if len(given) > 1:
        named = " and ".join(_named(name) for name in given)
        raise Misconfigured(f"The master key is to come from {named}: give one of them alone.")
    if _PIN in found and given != ["master_pkcs11"]:
        raise Misconfigured(
            f"{variable_of(_PIN)} has no effect without master_pkcs11; leave it out."
        )
    match given:
        case ["master_key"]:
            return KeyText(Secret(found["master_key"]), variable_of("master_key"))
        case ["master_passphrase"]:
            return Passphrase(Secret(found["master_passphrase"]), variable_of("master_passphrase"))
        case ["master_passphrase_file"]:
            return Passphrase(base / found["master_passphrase_file"], "master_passphrase_file")
        case ["master_pkcs11"]:
            pin = Secret(found[_PIN]) if _PIN in found else None
            return Token(found["master_pkcs11"], pin)
        case _:
            return None


def variable_of(name: str) -> str:
    """Return the variable of a setting."""
    return f"{_PREFIX}{name.upper()}"


def _named(name: str) -> str:
    """Name a source as it may have been given."""
    return variable_of(name) if name in SECRET_SETTINGS else f"{name} ({variable_of(name)})"
