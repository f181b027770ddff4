"""The only file that knows every room: it builds the house, keeps it up, and starts it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, Response

from keystead.api.door import Door
from keystead.audit.chain import decode_checkpoint, encode_checkpoint
from keystead.audit.export import Form
from keystead.audit.verifier import Report
from keystead.core.arrival import Arrival
from keystead.core.clock import Clock, SystemClock
from keystead.core.errors import KeysteadError, Misconfigured
from keystead.core.ids import new_id
from keystead.core.secret import Secret
from keystead.credentials.wish import CredentialWish
from keystead.crypto.keyring import Keyring, create_master_key, new_keyring, read_master_key
from keystead.crypto.passwords import hash_password, new_password
from keystead.gate.freshness import Freshness
from keystead.gate.gate import Gate
from keystead.operations.credentials import create_credential
from keystead.operations.owners import create_owner
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.settings import (
    MASTER_KEY,
    Settings,
    read_settings,
    require_embedded,
    write_settings,
)
from keystead.store.chain_file import export_chain, newest_checkpoint, verify_chain
from keystead.store.counts import SQLiteCounts
from keystead.store.doctor import Finding, examine_directory
from keystead.store.feed import SQLiteFeed
from keystead.store.installation import found_installation, open_keyring
from keystead.store.migrate import migrate, require_known, schema_of
from keystead.store.sqlite import SQLiteStore
from keystead.web.present import new_request_id

__all__ = [
    "House",
    "Initialised",
    "application",
    "audit_checkpoint",
    "build",
    "examine",
    "export_audit",
    "initialise",
    "serve",
    "system_arrival",
    "verify_audit",
]

_LOG: Final = logging.getLogger("keystead")
_FLUSH_SECONDS: Final = 1.0
_SWITCH_SECONDS: Final = 0.0002
_SUMMARY_TURNS: Final = 60
_EXPOSED: Final = "KEYSTEAD_EXPOSED_LISTENER"
_DATA: Final = "KEYSTEAD_DATA"
_SERVER: Final = "KEYSTEAD_SERVER_PID"


class House:
    """One process's rooms, wired."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open a data directory whose schema is up to date.

        Raises:
            Misconfigured: the master key is missing or another one's.
        """
        self.clock = clock
        self.keyring = open_keyring(settings.data, read_master_key(settings.master_key_file))
        self.store = SQLiteStore(settings.data, self.keyring.audit)
        self.feed = SQLiteFeed(settings.data)
        self.counts = SQLiteCounts(settings.data)
        self.gate = Gate(self.store, Freshness(self.store, self.feed), self.keyring)

    async def keep_up(self) -> None:
        """Flush counts every second and summarise strangers' refusals every minute, until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            turn += 1
            try:
                await self.gate.usage.flush(self.counts)
                if turn % _SUMMARY_TURNS == 0:
                    await self.gate.summarise(system_arrival(self.clock))
            except Exception as error:  # noqa: BLE001  # upkeep goes on; the next turn tries again
                _LOG.error("upkeep: %s", type(error).__name__)  # no values

    async def close(self) -> None:
        """Write what is counted, finish waiting acts, close the files."""
        with contextlib.suppress(KeysteadError):
            await self.gate.summarise(system_arrival(self.clock))
        await self.gate.usage.flush(self.counts)
        await self.store.close()
        self.feed.close()
        self.counts.close()


def build(
    settings: Settings, clock: Clock | None = None, supervisor: int | None = None
) -> Litestar:
    """Return the application of one process; a worker of a supervisor ends with him.

    Raises:
        Misconfigured: the data directory cannot be used as it is.
    """
    house = House(settings, clock or SystemClock())
    door = Door(
        house.gate, house.clock, house.store.answers, plain_beyond=settings.exposed_listener
    )

    @contextlib.asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        upkeep = [asyncio.create_task(house.keep_up())]
        if supervisor is not None:
            upkeep.append(asyncio.create_task(_end_with(supervisor)))
        try:
            yield
        finally:
            for task in upkeep:
                task.cancel()
            await asyncio.gather(*upkeep, return_exceptions=True)
            await house.close()

    def fault(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return door.fault(error)

    return Litestar(
        route_handlers=door.handlers(),
        lifespan=[life],
        exception_handlers={Exception: fault},
        openapi_config=None,
        logging_config=None,
    )


def application() -> Litestar:
    """Return the application of the data directory that the environment names; a worker's entry."""
    # A commit ends in a thread of its own, and must not wait 5 ms for its turn at the interpreter while the
    # loop reads the next group's requests.
    sys.setswitchinterval(_SWITCH_SECONDS)
    exposed = os.environ.get(_EXPOSED) == "1"
    settings = read_settings(Path(os.environ[_DATA]), exposed_listener=exposed)
    starter = int(os.environ.get(_SERVER, "0"))
    return build(settings, supervisor=starter if starter not in {0, os.getpid()} else None)


async def _end_with(supervisor: int) -> None:
    """End this worker when its supervisor was killed: it would hold the port, and nobody would stop it."""
    while os.getppid() == supervisor:  # noqa: ASYNC110  # a killed process sets no event
        await asyncio.sleep(_FLUSH_SECONDS)
    signal.raise_signal(signal.SIGTERM)


def serve(  # what a listener needs
    data: Path,
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    insecure_http: bool,  # noqa: FBT001  # spelled out by the operator
) -> None:
    """Migrate a data directory, and serve it until a signal ends it.

    Raises:
        Misconfigured: the data directory cannot be used as it is.
    """
    import uvicorn  # noqa: PLC0415  # other commands do without it

    from keystead.front.protocol import BoundedProtocol  # noqa: PLC0415  # as above

    _require_installation(data)
    exposed_listener = insecure_http and tls_cert is None
    settings = read_settings(data, exposed_listener=exposed_listener)
    migrate(data)
    open_keyring(data, read_master_key(settings.master_key_file))
    os.environ[_DATA] = str(data.resolve())
    os.environ[_SERVER] = str(os.getpid())
    os.environ[_EXPOSED] = "1" if exposed_listener else "0"
    uvicorn.run(
        "keystead.main:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        # The peer's address is the socket's; no header is believed.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=_LOGGING,
        timeout_graceful_shutdown=10,
    )


@dataclass(frozen=True, slots=True)
class Initialised:
    """What a new installation shows this once."""

    admin_login: str
    admin_password: Secret
    admin_token: Secret


def initialise(data: Path, database_url: str | None) -> Initialised:
    """Make an installation in a new or empty directory, whole or not at all.

    Raises:
        Misconfigured: the directory is not empty or cannot be made, or the database is not supported.
    """
    require_embedded(database_url)
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Misconfigured(f"{data} is not empty; keystead init takes a new or empty directory.")
    data.parent.mkdir(parents=True, exist_ok=True)
    # Made aside and moved into its place at the end: an interrupted init leaves nothing half-made there.
    aside = Path(tempfile.mkdtemp(prefix=f".{data.name}.", dir=data.parent))
    try:
        clock = SystemClock()
        master = create_master_key(aside / MASTER_KEY)
        write_settings(aside)
        migrate(aside)
        found_installation(aside, new_id("org"), master, new_keyring(master), clock.now())
        made = asyncio.run(_furnish(Settings(aside, aside / MASTER_KEY), clock))
        aside.replace(data)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return made


async def _furnish(settings: Settings, clock: Clock) -> Initialised:
    house = House(settings, clock)
    try:
        password = new_password()
        owner = await house.gate.perform(
            create_owner,
            system_arrival(clock),
            "user",
            OwnerWish(name="Administrator", login="admin", roles=(Role.ADMINISTRATOR,)),
            hash_password(password),
        )
        everything = (Access(KEYSTEAD_API, tuple(Permission)),)
        wish = CredentialWish(
            name="administrator's first token", access=everything, expires_at=None
        )
        issued = await house.gate.perform(
            create_credential, system_arrival(clock), "api_token", "static", owner.value.id, wish
        )
    finally:
        await house.close()
    return Initialised("admin", password, issued.value.secret)


def verify_audit(data: Path, checkpoint: str | None) -> Report:
    """Verify the whole chain, and against an exported checkpoint if one is given.

    Raises:
        Invalid: the checkpoint has another form.
        Misconfigured: the data directory cannot be opened.
    """
    since = None if checkpoint is None else decode_checkpoint(checkpoint)
    return verify_chain(data, _keyring(data).audit, since)


def export_audit(data: Path, write: Callable[[bytes], None], form: Form) -> int:
    """Write every entry with `write`, as `jsonl` or `csv`; return how many there were."""
    _require_installation(data)
    return export_chain(data, write, form)


def audit_checkpoint(data: Path) -> str:
    """Return the signed head as one line, to be kept elsewhere.

    Raises:
        Misconfigured: the store has lost its head.
    """
    _require_installation(data)
    checkpoint = newest_checkpoint(data)
    if checkpoint is None:
        raise Misconfigured("the audit has lost its signed head; run keystead audit verify")
    return encode_checkpoint(checkpoint)


def examine(data: Path) -> list[Finding]:
    """Examine an installation: each check with a sentence on what was found."""
    return examine_directory(data, read_settings(data).master_key_file, SystemClock().now())


def _keyring(data: Path) -> Keyring:
    _require_installation(data)
    return open_keyring(data, read_master_key(read_settings(data).master_key_file))


def _require_installation(data: Path) -> None:
    found = schema_of(data)
    if found is None:
        raise Misconfigured(f"There is no installation in {data}; run keystead init --data {data}.")
    require_known(found)


def system_arrival(clock: Clock) -> Arrival:
    """Return the arrival of the house's own work."""
    return Arrival("system", None, "", clock.now(), new_request_id())


_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
