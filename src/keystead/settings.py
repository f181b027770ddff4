"""The settings: read once, from the data directory's file and the environment; no room reads them.

`keystead.toml` in the data directory holds what `keystead init` wrote; a variable `KEYSTEAD_<NAME>` of the
environment comes before it. An unknown or unusable setting stops the start (Law 8).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from keystead.audit.chain import NODES
from keystead.core.errors import Misconfigured
from keystead.crypto.master.given import MASTER_SETTINGS, Given, given_by, variable_of
from keystead.crypto.master.source import KeyFile
from keystead.settings_file import CONFIG, MASTER_KEY, SERVED_AT, SETTINGS, read_file
from keystead.store.postgres.address import require_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.crypto.master.source import MasterSource

__all__ = [
    "ELSEWHERE",
    "GivenDatabase",
    "Settings",
    "database_of",
    "master_given",
    "read_settings",
    "server_of",
]

_PREFIX: Final = "KEYSTEAD_"
# Variables that are no settings of an installation: the client's, a worker's own, and the tests'.
_OTHERS: Final = frozenset(
    f"{_PREFIX}{name}"
    for name in (
        *("URL", "TOKEN", "TOKEN_FILE", "CA_FILE", "TRACEBACK"),
        *("WORKER", "TRIALS"),
        *("NEW_MASTER_KEY", "NEW_MASTER_PASSPHRASE", "NEW_MASTER_PIN"),
    )
)
_OTHERS_BEGIN: Final = (f"{_PREFIX}TEST_", f"{_PREFIX}BENCH_")
ELSEWHERE: Final = f"{_PREFIX}DATABASE_URL"
"""The variable; as a `database_url` in the file, it says that the address stands there."""

_EMBEDDED: Final = frozenset({"", "sqlite", "sqlite://"})
_SERVERS: Final = ("postgresql://", "postgres://")
# Compared to the letter by clients, so nothing in it may be written in two ways.
_ISSUER: Final = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?"
    r"((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)",
    re.ASCII,
)
_LOOPBACK: Final = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that one installation was told.

    Attributes:
        data: the data directory.
        master_key_file: where the master key is; `master.key` in the data directory unless set.
        database_url: the PostgreSQL server; None for the embedded database of the data directory.
        node: this node's number, which its audit chain has; 0 of the one that was made first.
        issuer: the URL under which clients know this installation, and which stands in its tokens.
        exposed_listener: it takes plain HTTP from beyond loopback, where credentials are refused.
        master_given: what the master key comes from if not from its file.
    """

    data: Path
    master_key_file: Path
    exposed_listener: bool = False
    issuer: str = SERVED_AT
    database_url: str | None = field(default=None, repr=False)
    node: int = 0
    master_given: Given | None = None

    @property
    def master(self) -> MasterSource:
        """What the master key comes from."""
        return self.master_given or KeyFile(self.master_key_file)


def read_settings(
    data: Path,
    environment: Mapping[str, str] | None = None,
    *,
    exposed_listener: bool = False,
    served: str = SERVED_AT,
) -> Settings:
    """Read the settings of a data directory.

    Args:
        data: the data directory.
        environment: the process's own where it is None.
        exposed_listener: the listener takes plain HTTP from beyond loopback.
        served: the URL of the listener, which is the issuer where none is set.

    Raises:
        Misconfigured: the file cannot be read, or a setting is unknown or unusable.
    """
    environment = os.environ if environment is None else environment
    found = read_file(data)
    for variable in environment:
        name = variable.removeprefix(_PREFIX).lower()
        if not variable.startswith(_PREFIX) or variable.startswith(_OTHERS_BEGIN):
            continue
        if variable in _OTHERS:
            continue
        if name not in SETTINGS:
            msg = f"{variable} in the environment is no setting. Known are {', '.join(sorted(SETTINGS))}."
            raise Misconfigured(msg)
        found[name] = environment[variable]
    given = given_by(found, data)
    key_file = data / found.get("master_key_file", MASTER_KEY)
    server = server_of(found.get("database_url"))
    issuer = _issuer(found["issuer"]) if "issuer" in found else served
    node = _node(found.get("node"), server)
    return Settings(data, key_file, exposed_listener, issuer, server, node, given)


def master_given(environment: Mapping[str, str] | None = None) -> Given | None:
    """Return what the environment says that a new installation's master key comes from; None for its file.

    Raises:
        Misconfigured: as of `given_by`.
    """
    environment = os.environ if environment is None else environment
    names = [name for name in MASTER_SETTINGS if variable_of(name) in environment]
    wanted = {name: environment[variable_of(name)] for name in names if name != "master_key_file"}
    return given_by(wanted, Path.cwd())


class GivenDatabase(NamedTuple):
    """Where a command was told to find the database.

    Attributes:
        url: the PostgreSQL server's address; None for the embedded database.
        written: what a settings' file is to hold of it: the address, or that it comes from the environment.
    """

    url: str | None
    written: str | None


def database_of(option: str | None, environment: Mapping[str, str] | None = None) -> GivenDatabase:
    """Return which database a command means: its option comes first, then the environment.

    Raises:
        Misconfigured: as of `server_of`.
    """
    environment = os.environ if environment is None else environment
    if option is not None or ELSEWHERE not in environment:
        url = server_of(option)
        return GivenDatabase(url, url)
    url = server_of(environment[ELSEWHERE])
    return GivenDatabase(url, None if url is None else ELSEWHERE)


def server_of(database_url: str | None) -> str | None:
    """Return the address of a PostgreSQL server; None for the embedded database (`sqlite://`, or nothing).

    Raises:
        Misconfigured: it is neither; the message does not repeat it, since it may hold a password.
    """
    if database_url is None or database_url in _EMBEDDED:
        return None
    if database_url == ELSEWHERE:
        msg = f"{CONFIG} says that {ELSEWHERE} in the environment names the database, and it is not set."
        raise Misconfigured(msg)
    if not database_url.startswith(_SERVERS):
        msg = (
            "database_url is no database of Keystead's. Leave it out for SQLite inside the data directory, "
            "or write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
        raise Misconfigured(msg)
    require_address(database_url)
    return database_url


def _issuer(text: str) -> str:
    match = _ISSUER.fullmatch(text)
    if match is None or match[3] == _DEFAULT_PORTS[match[1]]:
        msg = (
            "issuer must be the https URL under which clients reach this server, in lower case but for its "
            "path, such as https://keys.example.com: without user, default port, query, fragment or closing "
            "slash."
        )
        raise Misconfigured(msg)
    if match[1] == "http" and not _LOOPBACK.fullmatch(match[2]):
        msg = "issuer must be an https URL; http is for a server that is reached from its own machine alone."
        raise Misconfigured(msg)
    return text


def _node(text: str | None, server: str | None) -> int:
    if text is None:
        return 0
    if not text.isascii() or not text.isdecimal() or int(text) >= NODES:
        msg = f"node must be a whole number from 0 to {NODES - 1}."
        raise Misconfigured(msg)
    if server is None and int(text):
        msg = "node has no effect on the embedded database, which has one node; leave it out."
        raise Misconfigured(msg)
    return int(text)
