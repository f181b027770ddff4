"""The settings: read once, from the data directory's file and the environment; no room reads them.

`keystead.toml` in the data directory holds what `keystead init` wrote; a variable `KEYSTEAD_<NAME>` of the
environment comes before it. An unknown or unusable setting stops the start (Law 8).
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "CONFIG",
    "MASTER_KEY",
    "Settings",
    "read_settings",
    "require_embedded",
    "write_settings",
]

CONFIG: Final = "keystead.toml"
MASTER_KEY: Final = "master.key"
_PREFIX: Final = "KEYSTEAD_"
# Variables that are no settings of an installation: the client's, a worker's own, and the tests'.
_OTHERS: Final = tuple(
    f"{_PREFIX}{name}"
    for name in (
        *("URL", "TOKEN", "CA_FILE", "TRACEBACK"),
        *("DATA", "EXPOSED_LISTENER", "SERVER_PID"),
        *("TEST", "TRIALS", "BENCH"),
    )
)
_KNOWN: Final = frozenset({"database_url", "master_key_file"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that one installation was told.

    Attributes:
        data: the data directory.
        master_key_file: where the master key is; `master.key` in the data directory unless set.
        exposed_listener: it takes plain HTTP from beyond loopback, where credentials are refused.
    """

    data: Path
    master_key_file: Path
    exposed_listener: bool = False


def read_settings(
    data: Path,
    environment: Mapping[str, str] | None = None,
    *,
    exposed_listener: bool = False,
) -> Settings:
    """Read the settings of a data directory.

    Raises:
        Misconfigured: the file cannot be read, or a setting is unknown or unusable.
    """
    environment = os.environ if environment is None else environment
    path = data / CONFIG
    try:
        found = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise Misconfigured(msg) from None
    for name in found:
        if name not in _KNOWN:
            msg = f"{path}: {name} is no setting. Known are {', '.join(sorted(_KNOWN))}."
            raise Misconfigured(msg)
        if not isinstance(found[name], str):
            msg = f"{path}: {name} must be a text in quotes."
            raise Misconfigured(msg)
    for variable in environment:
        name = variable.removeprefix(_PREFIX).lower()
        if not variable.startswith(_PREFIX) or variable.startswith(_OTHERS):
            continue
        if name not in _KNOWN:
            msg = f"{variable} in the environment is no setting. Known are {', '.join(sorted(_KNOWN))}."
            raise Misconfigured(msg)
        found[name] = environment[variable]
    require_embedded(found.get("database_url"))
    key_file = data / found.get("master_key_file", MASTER_KEY)
    return Settings(data, key_file, exposed_listener)


def require_embedded(database_url: str | None) -> None:
    """Refuse a database that this version cannot use.

    Raises:
        Misconfigured: it is not the embedded SQLite of the data directory (`sqlite`).
    """
    if database_url not in {None, "", "sqlite", "sqlite://"}:
        scheme = str(database_url).partition(":")[0]
        msg = (
            f"database_url: {scheme!r} is not supported by this version; it stores in SQLite inside "
            "the data directory. Leave it out, or write sqlite://."
        )
        raise Misconfigured(msg)


def write_settings(data: Path) -> None:
    """Write the settings' file of a new installation: every setting, as it stands by default."""
    text = (
        "# Settings of this Keystead installation; KEYSTEAD_<NAME> in the environment comes first.\n"
        '# database_url = "sqlite://"\n'
        f'# master_key_file = "{MASTER_KEY}"\n'
    )
    (data / CONFIG).write_text(text, "utf-8")
