"""Rotating the master key of an installation by a command on its data directory, while its servers run."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.master.key import create_master_key, pending_of, settle_master_key
from keystead.crypto.master.source import (
    KeyFile,
    KeyText,
    Passphrase,
    new_derivation,
    open_master,
)
from keystead.crypto.master.token import Token
from keystead.operations.keys import rotate_master_key as rewrap
from keystead.rotation import in_house, up_to_date
from keystead.settings import read_settings
from keystead.settings_file import point_to_master
from keystead.store.opening import open_keys
from keystead.store.presence import KeyTurn

if TYPE_CHECKING:
    from keystead.crypto.keyring import MasterKey
    from keystead.crypto.master.source import MasterSource
    from keystead.settings import Settings

__all__ = ["NEW_KEY", "NEW_PASSPHRASE", "NEW_PIN", "RotatedMaster", "Target", "rotate_master_key"]

Target = Literal["file", "environment", "passphrase", "pkcs11"]

NEW_KEY: Final = "KEYSTEAD_NEW_MASTER_KEY"
NEW_PASSPHRASE: Final = "KEYSTEAD_NEW_MASTER_PASSPHRASE"  # noqa: S105  # the variable's name

NEW_PIN: Final = "KEYSTEAD_NEW_MASTER_PIN"


class RotatedMaster(NamedTuple):
    """What has become of a master key.

    Attributes:
        key_id: of the one in force.
        replaced: of the one before.
        source: what the new one comes from.
        file: where it is, if it is in a file.
        variable: what has to be in the environment from now on, if anything has.
    """

    key_id: str
    replaced: str
    source: Target
    file: Path | None
    variable: str | None


def rotate_master_key(
    data: Path, to: Target | None, passphrase: Path | None, token: str | None = None
) -> RotatedMaster:
    """Wrap the keyring of an installation with a new master key; servers go on meanwhile.

    A key in a file is written beside the old one first, durably. Whatever ends this then, one of the two is
    in force, and the next start takes it. In one transaction all keys are wrapped anew; then the new file
    takes the old one's place.

    Args:
        data: the data directory.
        to: what the new key comes from; the old one's kind if None.
        passphrase: a file with the new passphrase, if it does not come from the environment.
        token: the URI of another PKCS#11 token or key than before.

    Raises:
        Misconfigured: the old key does not open the keyring, or the new one is not given.
    """
    settings = read_settings(data)
    engine = up_to_date(settings)
    with KeyTurn(data):
        old, _ = open_keys(engine, data, settings.master)
        if isinstance(settings.master, KeyFile):
            settle_master_key(settings.master.path, engine.keys(settled=True).key_id)
        source = _new_source(settings, to, passphrase, token)
        new = _new_master(source, old)
        asyncio.run(
            in_house(settings, lambda house, visit: house.gate.perform(rewrap, visit, old, new))
        )
        if isinstance(source, KeyFile):
            settle_master_key(source.path, new.key_id)
        elif isinstance(settings.master, KeyFile):
            # It opens older backups alone now; whoever keeps those has kept the key apart.
            with suppress(FileNotFoundError):
                settings.master.path.unlink()
        point_to_master(data, source)
    return _told(old, new, source)


def _new_source(
    settings: Settings, to: Target | None, passphrase: Path | None, token: str | None
) -> MasterSource:
    kind = to or _kind_of(settings.master)
    if passphrase is not None and kind != "passphrase":
        raise Misconfigured("--passphrase-file goes with --to passphrase alone.")
    if token is not None and kind != "pkcs11":
        raise Misconfigured("--pkcs11 goes with --to pkcs11 alone.")
    match kind:
        case "pkcs11":
            return _new_token(settings.master, token)
        case "file":
            path = settings.master_key_file
            if path.exists() and not isinstance(settings.master, KeyFile):
                raise Misconfigured(f"The master key file {path} exists already and is kept.")
            return KeyFile(path)
        case "environment":
            return KeyText(Secret(_given(NEW_KEY)), NEW_KEY)
        case "passphrase":
            if passphrase is not None:
                if NEW_PASSPHRASE in os.environ:
                    raise Misconfigured(
                        f"Give one of --passphrase-file and {NEW_PASSPHRASE} alone."
                    )
                return Passphrase(passphrase.resolve(), "--passphrase-file")
            return Passphrase(Secret(_given(NEW_PASSPHRASE)), NEW_PASSPHRASE)


def _new_token(before: MasterSource, uri: str | None) -> Token:
    if uri is None:
        if not isinstance(before, Token):
            raise Misconfigured("Name the token and its key by --pkcs11 URI.")
        return before
    pin = os.environ.get(NEW_PIN)
    return Token(uri, None if pin is None else Secret(pin))


def _given(name: str) -> str:
    text = os.environ.get(name)
    if text is None:
        more = ", or name a file with it by --passphrase-file" if name == NEW_PASSPHRASE else ""
        raise Misconfigured(f"Give the new one in {name}{more}.")
    return text


def _new_master(source: MasterSource, old: MasterKey) -> MasterKey:
    if isinstance(source, KeyFile):
        pending = pending_of(source.path)
        if pending.exists():
            raise Misconfigured(
                f"{pending} stands there, and is no key of this installation's: move it away first."
            )
        made = create_master_key(pending)
        # Read back before anything depends on it.
        if open_master(KeyFile(pending)).key_id != made.key_id:
            raise Misconfigured(f"{pending} does not hold what was written into it.")
        return made
    new = open_master(source, new_derivation(source))
    if new.key_id == old.key_id:
        raise Misconfigured(f"{source} gives the key that is in force already, {old.key_id}.")
    return new


def _kind_of(source: MasterSource) -> Target:
    match source:
        case KeyFile():
            return "file"
        case KeyText():
            return "environment"
        case Passphrase():
            return "passphrase"
        case Token():
            return "pkcs11"


def _told(old: MasterKey, new: MasterKey, source: MasterSource) -> RotatedMaster:
    file = variable = None
    match source:
        case KeyFile(path):
            file = path
        case KeyText():
            variable = "KEYSTEAD_MASTER_KEY"
        case Passphrase(given):
            if isinstance(given, Path):
                file = given
            else:
                variable = "KEYSTEAD_MASTER_PASSPHRASE"
        case Token(pin=pin):
            variable = None if pin is None else "KEYSTEAD_MASTER_PIN"
    return RotatedMaster(new.key_id, old.key_id, _kind_of(source), file, variable)
