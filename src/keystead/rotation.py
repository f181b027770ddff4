"""Rotating the keys of an installation by commands on its data directory, while its servers run."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from keystead.core.clock import SystemClock
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
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.installation import installed
from keystead.operations.keys import NothingToRetire, retire_keys
from keystead.operations.keys import rotate_key as replace_key
from keystead.operations.keys import rotate_master_key as rewrap
from keystead.operations.resealing import Resealing
from keystead.settings import read_settings
from keystead.settings_file import point_to_master
from keystead.store.opening import open_keys
from keystead.store.presence import KeyTurn
from keystead.store.schema.revisions import HEAD
from keystead.upkeep import system_arrival

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from keystead.crypto.keyring import MasterKey, WrappedKey
    from keystead.crypto.master.source import MasterSource
    from keystead.ports.keyring import Purpose
    from keystead.settings import Settings
    from keystead.store.engine import Engine

__all__ = [
    "NEW_KEY",
    "NEW_PASSPHRASE",
    "NEW_PIN",
    "LetGo",
    "RotatedMaster",
    "Target",
    "let_go",
    "list_keys",
    "rotate_key",
    "rotate_master_key",
]

T = TypeVar("T")

Target = Literal["file", "environment", "passphrase", "pkcs11"]

_HEARD_SECONDS: Final = 3.0

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
            _in_house(settings, lambda house, visit: house.gate.perform(rewrap, visit, old, new))
        )
        if isinstance(source, KeyFile):
            settle_master_key(source.path, new.key_id)
        elif isinstance(settings.master, KeyFile):
            # It opens older backups alone now; whoever keeps those has kept the key apart.
            with suppress(FileNotFoundError):
                settings.master.path.unlink()
        point_to_master(data, source)
    return _told(old, new, source)


def rotate_key(data: Path, purpose: Purpose) -> int:
    """Let a new key take the place of the newest seal key or pepper; return its number.

    Servers hear of it as of every change. What the old key has made stays good.

    Raises:
        Misconfigured: the master key does not open the keyring.
        Conflict: another rotation was first.
    """
    settings = read_settings(data)
    master, _ = open_keys(up_to_date(settings), data, settings.master)
    return asyncio.run(
        _in_house(
            settings, lambda house, visit: house.gate.perform(replace_key, visit, master, purpose)
        )
    )


class LetGo(NamedTuple):
    """What has become of replaced keys.

    Attributes:
        sealed: how many values were sealed anew.
        broken: how many do not open, and keep their key.
        left: the replaced keys that are still needed, such as `pepper_1`.
    """

    sealed: int
    broken: int
    left: tuple[str, ...]


def let_go(data: Path, tell: Callable[[int], None]) -> LetGo:
    """Seal anew what replaced keys have sealed, and remove the keys that nothing needs any more.

    The servers' own upkeep does the same, beside all else.

    Raises:
        Misconfigured: the master key does not open the keyring.
        Unavailable: the store takes nothing; the next call goes on there.
    """
    settings = read_settings(data)
    up_to_date(settings)

    async def work(house: House, visit: Visit) -> LetGo:
        if house.keyring.superseded:
            # A node trusts what it knows for two seconds, and opens nothing of a key that it does not know.
            await asyncio.sleep(_HEARD_SECONDS)
        walk = Resealing(house.store, house.keyring)
        await walk.run(tell)
        with suppress(NothingToRetire):
            await house.gate.perform(retire_keys, visit)
        await house.keys.learn()
        left = tuple(f"{purpose}_{n}" for purpose, n in house.keyring.superseded)
        return LetGo(walk.sealed, walk.broken, left)

    return asyncio.run(_in_house(settings, work))


def list_keys(data: Path) -> Sequence[WrappedKey]:
    """Return the keyring as it is kept, wrapped."""
    return installed(read_settings(data)).keys().keys


async def _in_house(settings: Settings, work: Callable[[House, Visit], Awaitable[T]]) -> T:
    """Do something as one more process of the installation, in the house's own name."""
    clock = SystemClock()
    house = House(settings, clock)
    try:
        await house.database.start()
        return await work(house, Visit(system_arrival(clock)))
    finally:
        await house.close()


def up_to_date(settings: Settings) -> Engine:
    """Return the engine of an installation whose database is in this version's form.

    Raises:
        Misconfigured: there is none, or it is in an older form.
    """
    engine = installed(settings)
    if engine.schema() != HEAD:
        raise Misconfigured(
            "The database is in an older form; the next start of a server of this version changes it."
        )
    return engine


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
