"""The only file that knows every room: it builds the house, keeps it up, and starts it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar import Litestar

from keystead.api.application import Application
from keystead.api.door import Door
from keystead.api.oauth.door import Door as OAuthDoor
from keystead.audit.chain import decode_checkpoint, encode_checkpoint
from keystead.audit.export import Form
from keystead.audit.findings import Report
from keystead.audit.joins import NothingToJoin
from keystead.core.arrival import Arrival
from keystead.core.clock import Clock, SystemClock
from keystead.core.errors import KeysteadError, Misconfigured
from keystead.core.ids import new_id
from keystead.core.secret import Secret
from keystead.credentials.wish import CredentialWish
from keystead.crypto.keyring import create_master_key, new_keyring
from keystead.crypto.passwords import new_password
from keystead.gate.callers.freshness import Freshness
from keystead.gate.ended import forget_ended
from keystead.gate.gate import Gate
from keystead.gate.pool import SlowPool
from keystead.gate.visit import Visit
from keystead.installation import (
    NewDirectory,
    engine_for,
    installed,
    join_node,
    move_store,
    open_keyring,
)
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.joins import join_chains
from keystead.operations.owners.owners import create_owner
from keystead.operations.signing_keys import (
    NothingToDo,
    destroy_ended_keys,
    ensure_signing_key,
    published_keys,
)
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import Access
from keystead.settings import MASTER_KEY, Settings, database_of, read_settings, write_settings
from keystead.store.chains import export_chains, newest_checkpoints, verify_chains
from keystead.store.examining.installation import Finding
from keystead.store.examining.installation import examine as examine_installation
from keystead.store.leader import Leader
from keystead.store.presence import Presence
from keystead.web.present import new_request_id

__all__ = [
    "House",
    "Initialised",
    "application",
    "audit_checkpoints",
    "build",
    "examine",
    "export_audit",
    "initialise",
    "join_node",
    "move_store",
    "serve",
    "system_arrival",
    "verify_audit",
]

_LOG: Final = logging.getLogger("keystead")
_FLUSH_SECONDS: Final = 1.0
_SWITCH_SECONDS: Final = 0.0002
_COLLECT_AFTER: Final = 10_000
_SUMMARY_TURNS: Final = 60
_EXPOSED: Final = "KEYSTEAD_EXPOSED_LISTENER"
_SERVED: Final = "KEYSTEAD_SERVED_AT"
_DATA: Final = "KEYSTEAD_DATA"
_SERVER: Final = "KEYSTEAD_SERVER_PID"


class House:
    """One process's rooms, wired."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open a data directory whose schema is up to date.

        Raises:
            Misconfigured: the master key is missing or another one's, or the installation is being moved.
        """
        self.clock = clock
        self._presence = Presence(settings.data)
        engine = engine_for(settings)
        self.keyring = open_keyring(engine, settings)
        self.database = engine.open(self.keyring)
        self.store, self.counts = self.database.store, self.database.counts
        memory = Freshness(self.store, self.database.listen())
        self.pool = SlowPool()
        self.leader = Leader(settings.data)
        self.gate = Gate(self.store, memory, self.keyring, self.pool)

    async def keep_up(self) -> None:
        """Flush counts each second; each minute tell of refusals, clean up, and the like; until cancelled."""
        turn, left = 0, False
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            turn += 1
            try:
                await self.gate.usage.flush(self.counts)
                if left or turn % _SUMMARY_TURNS == 0:
                    left = await self.forget_ended()
                if turn % _SUMMARY_TURNS == 0:
                    await self.gate.summarise(system_arrival(self.clock))
                    await self.join()
                    await self.tend_signing_keys()
            except Exception as error:  # noqa: BLE001  # upkeep goes on; the next turn tries again
                _LOG.error("upkeep: %s", type(error).__name__)  # no values

    async def forget_ended(self) -> bool:
        """Delete what has ended, if this process of its node does so; say whether more is left."""
        return self.leader.leads() and await forget_ended(self.store, self.clock.now())

    async def join(self) -> None:
        """Enter what other nodes' chains have come to, if this is the process of its node that does so."""
        if not self.leader.leads():
            return
        with contextlib.suppress(NothingToJoin):
            await self.gate.perform(join_chains, Visit(system_arrival(self.clock)))

    async def tend_signing_keys(self) -> None:
        """Make the keys that are missing, destroy those that have ended, and forget what they were."""
        with contextlib.suppress(NothingToDo):
            while True:
                await self.gate.perform(ensure_signing_key, Visit(system_arrival(self.clock)))
        if self.leader.leads():
            with contextlib.suppress(NothingToDo):
                await self.gate.perform(destroy_ended_keys, Visit(system_arrival(self.clock)))
        await self.gate.perform(published_keys, Visit(system_arrival(self.clock)))

    async def close(self) -> None:
        """Write what is counted, finish waiting acts, close the files."""
        with contextlib.suppress(KeysteadError):
            await self.gate.summarise(system_arrival(self.clock))
        try:
            await self.gate.usage.flush(self.counts)
        except Exception as error:  # noqa: BLE001  # a database that is gone is no reason not to end
            _LOG.error("the last counts are lost: %s", type(error).__name__)
        self.pool.close()
        self.leader.close()
        await self.database.close()
        self._presence.close()


def build(
    settings: Settings,
    clock: Clock | None = None,
    supervisor: int | None = None,
    on_end: Callable[[], None] = lambda: None,
) -> Litestar:
    """Return the application of one process; a worker of a supervisor ends with him.

    Args:
        settings: of the data directory.
        clock: the system's, unless a test sets one.
        supervisor: the process id of whoever started this worker.
        on_end: called when serving is over and the last is being written.

    Raises:
        Misconfigured: the data directory cannot be used as it is.
    """
    house = House(settings, clock or SystemClock())
    door = Door(
        house.gate,
        house.clock,
        house.database.is_ready,
        settings.issuer,
        plain_beyond=settings.exposed_listener,
    )
    oauth = OAuthDoor(
        house.gate, house.clock, settings.issuer, plain_beyond=settings.exposed_listener
    )

    @contextlib.asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        await house.database.start()
        try:
            await house.tend_signing_keys()
        except KeysteadError as error:
            # The upkeep does it a minute later; whoever needs no such key is served meanwhile.
            _LOG.error("signing keys: %s", type(error).__name__)
        upkeep = [asyncio.create_task(house.keep_up())]
        if supervisor is not None:
            upkeep.append(asyncio.create_task(_end_with(supervisor)))
        try:
            yield
        finally:
            on_end()
            for task in upkeep:
                task.cancel()
            await asyncio.gather(*upkeep, return_exceptions=True)
            await house.close()

    return Application(door, oauth.handlers(), life)


def application() -> Litestar:
    """Return the application of the data directory that the environment names; a worker's entry."""
    # A commit ends in a thread of its own, and must not wait 5 ms for its turn at the interpreter while the
    # loop reads the next group's requests.
    sys.setswitchinterval(_SWITCH_SECONDS)
    exposed = os.environ.get(_EXPOSED) == "1"
    settings = read_settings(
        Path(os.environ[_DATA]), exposed_listener=exposed, served=os.environ[_SERVED]
    )
    starter = int(os.environ.get(_SERVER, "0"))
    from keystead.front.listener import end_in_time  # noqa: PLC0415  # as in `serve`

    supervisor = starter if starter not in {0, os.getpid()} else None
    app = build(settings, supervisor=supervisor, on_end=end_in_time)
    # What stands now stands until the end: searched through for garbage, it stops every request for 50 ms.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    return app


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
    from keystead.front.listener import listen  # noqa: PLC0415  # other commands do without it

    exposed_listener = insecure_http and tls_cert is None
    settings = read_settings(data, exposed_listener=exposed_listener)
    engine = installed(settings)
    engine.migrate()
    engine.require_chain()
    open_keyring(engine, settings)
    os.environ[_DATA] = str(data.resolve())
    os.environ[_SERVER] = str(os.getpid())
    os.environ[_EXPOSED] = "1" if exposed_listener else "0"
    os.environ[_SERVED] = _url_of(host, port, "http" if tls_cert is None else "https")
    listen("keystead.main:application", host, port, workers, tls_cert, tls_key)


def _url_of(host: str, port: int, scheme: str) -> str:
    """Return the URL of a listener; one on every address is called by this machine's own name for itself."""
    named = "localhost" if host in {"0.0.0.0", "::"} else host.lower()  # noqa: S104  # compared, not bound
    bare = f"[{named}]" if ":" in named else named
    is_usual = port == {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{bare}" if is_usual else f"{scheme}://{bare}:{port}"


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
        master = create_master_key(aside / MASTER_KEY)
        write_settings(aside, given.written)
        settings = Settings(aside, aside / MASTER_KEY, database_url=given.url)
        with engine_for(settings).founding(new_id("org"), master, new_keyring(master), clock.now()):
            made = asyncio.run(_furnish(settings, clock))
            new.keep()
    return made


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
        await house.tend_signing_keys()
    finally:
        await house.close()
    return Initialised("admin", password, issued.secret)


def verify_audit(data: Path, checkpoints: Sequence[str]) -> list[Report]:
    """Verify every node's whole chain, and against exported checkpoints if there are such lines.

    Raises:
        Invalid: a checkpoint has another form.
        Misconfigured: the data directory cannot be opened.
    """
    since = [decode_checkpoint(line) for line in checkpoints]
    settings = read_settings(data)
    engine = installed(settings)
    return verify_chains(engine, open_keyring(engine, settings).audit, since)


def export_audit(data: Path, write: Callable[[bytes], None], form: Form) -> int:
    """Write every entry with `write`, as `jsonl` or `csv`; return how many there were."""
    return export_chains(installed(read_settings(data)), write, form)


def audit_checkpoints(data: Path) -> list[str]:
    """Return each chain's signed head as one line, to be kept elsewhere.

    Raises:
        Misconfigured: the store has lost its head.
    """
    found = newest_checkpoints(installed(read_settings(data)))
    kept = [head for head in found if head is not None]
    if len(kept) < len(found):
        raise Misconfigured("the audit has lost a signed head; run keystead audit verify")
    return [encode_checkpoint(head) for head in kept]


def examine(data: Path) -> list[Finding]:
    """Examine an installation: each check with a sentence on what was found."""
    settings = read_settings(data)
    now = SystemClock().now()
    return examine_installation(data, settings.master_key_file, engine_for(settings), now)


def system_arrival(clock: Clock) -> Arrival:
    """Return the arrival of the house's own work."""
    return Arrival("system", None, "", clock.now(), new_request_id())
