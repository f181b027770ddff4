"""A house inside the test's own process, with a clock that stands until it is set."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from keystead.core.arrival import Arrival, Presented, parse_address
from keystead.core.clock import Instant, later
from keystead.core.secret import Secret
from keystead.credentials.wish import CredentialWish
from keystead.gate.visit import Visit
from keystead.house import House
from keystead.operations.credentials.credentials import create_credential
from keystead.operations.owners.owners import create_owner
from keystead.operations.vault.accounts import create_account
from keystead.operations.vault.folders import create_folder
from keystead.owners.owner import OwnerWish
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Right, Role
from keystead.policy.scopes import Access
from keystead.ports.audit import AuditQuery, Moment
from keystead.settings import Settings
from keystead.settings_file import MASTER_KEY
from keystead.store.chains import verify_chains
from keystead.store.sqlite.engine import SQLiteEngine
from keystead.upkeep import system_arrival
from keystead.vault.account import AccountWish
from keystead.vault.folder import FolderWish
from tests.store.installations import copy_of_an_installation
from tests.store.postgresql import founded
from tests.store.records import NOON
from tests.store.servers import own_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from keystead.audit.chain import StoredEntry
    from keystead.credentials.record import Credential
    from keystead.gate.acts.operation import Operation

__all__ = ["NOON", "Home", "SetClock", "at_home", "at_home_on_postgresql"]

P = ParamSpec("P")
T = TypeVar("T")
_NUMBERS = count(1)


@dataclass(slots=True)
class SetClock:
    """Says what it was told to say."""

    at: Instant = NOON

    def now(self) -> Instant:
        return self.at

    def go_on(self, microseconds: int) -> None:
        self.at = later(self.at, microseconds)


@dataclass(slots=True)
class Home:
    """A furnished house: an administrator with a token for everything, a folder and an account of his.

    Attributes:
        token: the administrator's.
    """

    data: Path
    house: House
    clock: SetClock
    owner_id: str = ""
    folder_id: str = ""
    account_id: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))
    credential: Credential | None = None
    database_url: str | None = None

    @property
    def settings(self) -> Settings:
        return Settings(self.data, self.data / MASTER_KEY, database_url=self.database_url)

    async def perform(self, operation: Operation[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask as the administrator, from loopback, now."""
        return await self.house.gate.perform(operation, Visit(self.arrival()), *args, **kwargs)

    def arrival(
        self,
        token: Secret | None = None,
        address: str = "127.0.0.1",
        **more: Any,  # noqa: ANN401
    ) -> Arrival:
        """Return the arrival of a request with a token; the administrator's where none is named."""
        presented = Presented(self.token if token is None else token, "bearer")
        wanted: dict[str, Any] = {
            "presented": presented, "address": parse_address(address), "asserted_by": "socket",
            "at": self.clock.now(), "request_id": f"req_{next(_NUMBERS)}", "agent": "test",
        }  # fmt: skip
        return Arrival(**{**wanted, **more})

    async def issue(self, *scopes: Permission, **more: Any) -> tuple[Secret, Credential]:  # noqa: ANN401
        """Issue a token of the administrator's, or of `owner_id`."""
        owner_id = more.pop("owner_id", self.owner_id)
        wanted: dict[str, Any] = {
            "name": f"token {next(_NUMBERS)}", "expires_at": None,
            "access": (Access(KEYSTEAD_API, tuple(scopes) or tuple(Permission)),),
        }  # fmt: skip
        issued = await self.perform(
            create_credential, "api_token", "static", owner_id, CredentialWish(**{**wanted, **more})
        )
        return issued.secret, issued.listed.credential

    async def entries(self, since: int = 0, **query: Any) -> list[StoredEntry]:  # noqa: ANN401
        """Return the audit's entries, without entering that they were read."""
        wanted = AuditQuery(**query)
        part = await self.house.store.read(
            lambda tx: tx.audit.onwards(wanted, Moment(0, 0, since), 10_000)
        )
        assert part.is_last
        return list(part.entries)

    def intact(self) -> bool:
        return verify_chains(SQLiteEngine(self.data), self.house.keyring.audit)[0].intact


@asynccontextmanager
async def at_home(data: Path) -> AsyncIterator[Home]:
    """Furnish a house, and leave it in order."""
    copy_of_an_installation(data)
    clock = SetClock()
    home = Home(data, House(Settings(data, data / MASTER_KEY), clock), clock)
    try:
        await _furnish(home)
        yield home
    finally:
        await home.house.close()


@asynccontextmanager
async def at_home_on_postgresql(data: Path) -> AsyncIterator[Home]:
    """The same, on a PostgreSQL server."""
    data.mkdir()  # noqa: ASYNC240  # nothing else runs yet
    with own_schema() as url, founded(data, url):
        clock = SetClock()
        settings = Settings(data, data / MASTER_KEY, database_url=url)
        home = Home(data, House(settings, clock), clock, database_url=url)
        try:
            await home.house.database.start()
            await _furnish(home)
            yield home
        finally:
            await home.house.close()


async def _furnish(home: Home) -> None:
    gate, arrival = home.house.gate, system_arrival(home.clock)
    wish = OwnerWish(name="Administrator", login="admin", roles=(Role.ADMINISTRATOR,))
    owner = await gate.perform(create_owner, Visit(arrival), "user", wish)
    everything = (Access(KEYSTEAD_API, tuple(Permission)),)
    token = CredentialWish(name="first", access=everything, expires_at=None)
    issued = await gate.perform(
        create_credential, Visit(arrival), "api_token", "static", owner.id, token
    )
    home.owner_id, home.token = owner.id, issued.secret
    home.credential = issued.listed.credential
    place = FolderWish(name="ops", grants={owner.id: Right.MANAGER})
    folder = await home.perform(create_folder, place)
    home.folder_id = folder.folder.id
    wanted = AccountWish(name="orders", folder_id=home.folder_id)
    placed = await home.perform(create_account, wanted, {"password": Secret("pass-word")})
    home.account_id = placed.account.id
