"""The file of settings in a data directory: what it may say, and how it is written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured
from keystead.crypto.master.given import MASTER_SETTINGS, SECRET_SETTINGS, variable_of
from keystead.crypto.master.source import KeyFile, Passphrase
from keystead.crypto.master.token import Token

if TYPE_CHECKING:
    from keystead.crypto.master.given import Given
    from keystead.crypto.master.source import MasterSource

__all__ = [
    "CONFIG",
    "MASTER_KEY",
    "SERVED_AT",
    "SETTINGS",
    "point_to_database",
    "point_to_master",
    "read_file",
    "write_settings",
]

CONFIG: Final = "keystead.toml"
MASTER_KEY: Final = "master.key"

SERVED_AT: Final = "http://127.0.0.1:8780"
"""Where a server is that was told nothing else."""

SETTINGS: Final = frozenset({"database_url", "issuer", "node", *MASTER_SETTINGS})
"""The names of all there are."""


def read_file(data: Path) -> dict[str, str]:
    """Read what a data directory's file says alone.

    Raises:
        Misconfigured: it cannot be read, or a setting in it is unknown or unusable.
    """
    path = data / CONFIG
    try:
        found = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise Misconfigured(msg) from None
    for name in found:
        if name not in SETTINGS:
            msg = f"{path}: {name} is no setting. Known are {', '.join(sorted(SETTINGS))}."
            raise Misconfigured(msg)
        if not isinstance(found[name], str):
            msg = f"{path}: {name} must be a text in quotes."
            raise Misconfigured(msg)
        if name in SECRET_SETTINGS:
            # Beside the database it would lie in the same backup.
            msg = f"{path}: {name} may not stand in this file; give {variable_of(name)} in the environment."
            raise Misconfigured(msg)
    return found


def write_settings(
    data: Path,
    database_url: str | None = None,
    node: int = 0,
    given: Given | None = None,
) -> None:
    """Write the settings' file of a new data directory: every setting, those at their default commented.

    It may hold a password, so it is its owner's alone.
    """
    written = _written_of(given)
    text = (
        "# Settings of this Keystead installation; KEYSTEAD_<NAME> in the environment comes first.\n"
        + _line("database_url", database_url, "sqlite://")
        + _line("issuer", None, SERVED_AT)
        + _line("master_key_file", None, MASTER_KEY)
        + "".join(_line(name, value, "") for name, value in written.items())
        + _line("node", str(node) if node else None, "0")
    )
    path = data / CONFIG
    path.touch(0o600)
    path.write_text(text, "utf-8")


def point_to_database(data: Path, database_url: str) -> None:
    """Let an installation's file of settings name another database; its other lines stay as they are."""
    _set_line(data, "database_url", database_url)


def point_to_master(data: Path, source: MasterSource) -> None:
    """Let the file of settings name no other source of the master key than this one."""
    found = read_file(data)
    for name, value in _written_of(source).items():
        if found.get(name) != value:
            _set_line(data, name, value)
    if "master_key_file" in found and not isinstance(source, KeyFile):
        _set_line(data, "master_key_file", None, MASTER_KEY)


def _written_of(source: MasterSource | None) -> dict[str, str | None]:
    """Return what the file of settings says of a source that is no file of a key."""
    file = source.given if isinstance(source, Passphrase) else None
    return {
        "master_passphrase_file": str(file) if isinstance(file, Path) else None,
        "master_pkcs11": source.uri if isinstance(source, Token) else None,
    }


def _set_line(data: Path, name: str, value: str | None, default: str = "") -> None:
    path = data / CONFIG
    line = _line(name, value, default)
    text = path.read_text("utf-8") if path.exists() else ""
    # The line that is in force rather than one that is a comment.
    lines = [rf"^{mark}[ \t]*{name}[ \t]*=.*\n?" for mark in ("", "#")]
    in_force = re.search(lines[0], text, re.MULTILINE)
    pattern = re.compile(lines[0 if in_force else 1], re.MULTILINE)
    changed, found = pattern.subn(lambda _: line, text, count=1)
    aside = path.with_name(f".{CONFIG}.new")
    aside.unlink(missing_ok=True)
    aside.touch(0o600)
    aside.write_text(changed if found else text + line, "utf-8")
    aside.replace(path)


def _line(name: str, value: str | None, default: str) -> str:
    if value is None:
        return f'# {name} = "{default}"\n'
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name} = "{quoted}"\n'
