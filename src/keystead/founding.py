"""A data directory is made: an installation's first, or one more node's."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keystead.core.clock import SystemClock
from keystead.core.errors import Misconfigured
from keystead.core.ids import new_id
from keystead.credentials.wish import CredentialWish
from keystead.crypto.keyring import new_keyring
from keystead.crypto.master.key import copy_master_key, create_master_key
from keystead.crypto.master.source import KeyFile, new_derivation, open_master
from keystead.crypto.passwords import new_password
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.owners.owners import create_owner
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.settings import Settings, database_of, master_given
from keystead.settings_file import CONFIG, MASTER_KEY, write_settings
from keystead.store.opening import engine_of, opened
from keystead.store.schema.revisions import require_known
from keystead.upkeep import system_arrival

if TYPE_CHECKING:
    from types import TracebackType

    from keystead.core.clock import Clock
    from keystead.core.secret import Secret
    from keystead.crypto.keyring import MasterKey
    from keystead.crypto.master.given import Given

__all__ = ["Initialised", "NewDirectory", "initialise", "join_node", "require_new"]


@dataclass(frozen=True, slots=True)
class Initialised:
    """What a new installation shows this once."""

    admin_login: str
    admin_password: Secret
    admin_token: Secret


def initialise(data: Path, database_url: str | None) -> Initialised:
    """Make an installation in a new or empty directory, whole or not at all.

    Raises:
        Misconfigured: the directory is not empty or cannot be made, or the database is no database of
            Keystead's or holds an installation already.
    """
    given = database_of(database_url)
    clock = SystemClock()
    new = NewDirectory(data)
    with new as aside:
        master, source = _new_master(aside)
        write_settings(aside, given.written, given=source)
        settings = Settings(aside, aside / MASTER_KEY, database_url=given.url, master_given=source)
        with engine_of(settings.data, settings.database_url, settings.node).founding(
            new_id("org"), master, new_keyring(master), clock.now()
        ):
            made = asyncio.run(_furnish(settings, clock))
            new.keep()
    return made


def _new_master(data: Path) -> tuple[MasterKey, Given | None]:
    """Return a new installation's master key and its source; without one it is made in the directory.

    Raises:
        Misconfigured: two sources are given, or the one does not hold what it should.
    """
    source = master_given()
    if source is None:
        return create_master_key(data / MASTER_KEY), None
    return open_master(source, new_derivation(source)), source


async def _furnish(settings: Settings, clock: Clock) -> Initialised:
    house = House(settings, clock)
    try:
        await house.database.start()
        password = new_password()
        owner = await house.gate.perform(
            create_owner,
            Visit(system_arrival(clock)),
            "user",
            OwnerWish(
                name="Administrator", login="admin", roles=(Role.ADMINISTRATOR,), password=password
            ),
        )
        everything = (Access(KEYSTEAD_API, tuple(Permission)),)
        wish = CredentialWish(
            name="administrator's first token", access=everything, expires_at=None
        )
        issued = await house.gate.perform(
            create_credential,
            Visit(system_arrival(clock)),
            "api_token",
            "static",
            owner.id,
            wish,
        )
        await house.upkeep.tend_signing_keys()
    finally:
        await house.close()
    return Initialised("admin", password, issued.secret)


def join_node(data: Path, database_url: str | None, key_file: Path | None) -> int:
    """Make the data directory of one more node of an installation; return the node's number.

    Args:
        data: a new or empty directory.
        database_url: the installation's.
        key_file: the installation's master key, if it does not come from the environment.

    Raises:
        Misconfigured: the directory is not empty, the database is not PostgreSQL or holds no installation, or
            the key is not the installation's.
    """
    new = NewDirectory(data)
    source = master_given()
    if (source is None) == (key_file is None):
        raise Misconfigured(
            "Give the installation's master key in one way: --master-key FILE, KEYSTEAD_MASTER_KEY,"
            " KEYSTEAD_MASTER_PASSPHRASE, KEYSTEAD_MASTER_PASSPHRASE_FILE or KEYSTEAD_MASTER_PKCS11."
            + ("" if source is None else f" Given are --master-key and {source}.")
        )
    given = database_of(database_url)
    if given.url is None:
        raise Misconfigured(
            "Only an installation in PostgreSQL has several nodes: name it with --database-url or "
            "KEYSTEAD_DATABASE_URL. keystead migrate-store moves one there."
        )
    engine = engine_of(data, given.url, 0)
    found = engine.schema()
    if found is None:
        raise Misconfigured("There is no installation in this database; keystead init makes one.")
    require_known(found)
    audit_key = opened(engine.keys(), source or KeyFile(key_file or data))[1].audit
    with engine.joining(audit_key) as node, new as aside:
        if key_file is not None:
            copy_master_key(key_file, aside / MASTER_KEY)
        write_settings(aside, given.written, node, source)
        new.keep()
    return node


def require_new(data: Path) -> None:
    """Refuse a data directory that holds something.

    Raises:
        Misconfigured: it does, or is no directory.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Misconfigured(f"{data} is not empty; name a new or empty directory.")


class NewDirectory:
    """A data directory that is made aside, in a `with`: whole at its place once it is kept, and else gone."""

    def __init__(self, data: Path) -> None:
        """Mean a place, at which there is nothing.

        Raises:
            Misconfigured: there is something.
        """
        require_new(data)
        self._data = data
        # It may be a mounted volume, and what is above it another's.
        self._stands = data.exists()

    def __enter__(self) -> Path:
        """Return where it is made."""
        if not self._stands:
            self._data.parent.mkdir(parents=True, exist_ok=True)
        where = self._data if self._stands else self._data.parent
        self._aside = Path(tempfile.mkdtemp(prefix=f".{self._data.name}.", dir=where))
        return self._aside

    def keep(self) -> None:
        """Bring what was made to its place."""
        if not self._stands:
            self._aside.replace(self._data)
            return
        with suppress(PermissionError):
            # Another's to change; keystead doctor says so where others may look into it.
            self._data.chmod(0o700)
        for path in sorted(self._aside.iterdir(), key=lambda path: path.name == CONFIG):
            path.replace(self._data / path.name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not kept."""
        shutil.rmtree(self._aside, ignore_errors=True)
