"""`keystead master-key`: the key that wraps all others, by commands on the data directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from keystead.cli.failures import Misuse
from keystead.cli.house.installation import Data
from keystead.cli.options import Json, option
from keystead.cli.output import document, note

if TYPE_CHECKING:
    from keystead.master_rotation import Target

__all__ = ["app"]

app = typer.Typer()

_TARGETS: Final = ("file", "environment", "passphrase", "pkcs11")


@app.command()
def new(*, json: Json = False) -> None:
    """Print a new master key, to be given in KEYSTEAD_MASTER_KEY or KEYSTEAD_NEW_MASTER_KEY.

    Nothing else knows it: keep it before it is used.
    """
    from keystead.crypto.master.key import new_master_key_text

    text = new_master_key_text().reveal()
    if json:
        document({"master_key": text})
        return
    sys.stdout.write(f"{text}\n")


@app.command()
def rotate(
    data: Data,
    *,
    to: Annotated[
        str | None,
        option("SOURCE", "file, environment, passphrase or pkcs11  [default: as before]"),
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Holds the new passphrase."),
    ] = None,
    pkcs11: Annotated[
        str | None, option("URI", "Another token or key; its PIN in KEYSTEAD_NEW_MASTER_PIN.")
    ] = None,
    json: Json = False,
) -> None:
    """Wrap the installation's keys with a new master key, while its servers run.

    Nothing that was sealed or issued changes. A new key file is made in the old one's place; a new key comes
    from KEYSTEAD_NEW_MASTER_KEY, a new passphrase from KEYSTEAD_NEW_MASTER_PASSPHRASE or FILE. Back up the
    new key before you need it: the next start of every node takes it.
    """
    from keystead.master_rotation import rotate_master_key

    if to is not None and to not in _TARGETS:
        raise Misuse("--to takes file, environment, passphrase or pkcs11")
    done = rotate_master_key(data, cast("Target | None", to), passphrase_file, pkcs11)
    if json:
        found = {"master_key": done.key_id, "replaced": done.replaced, "source": done.source}
        document({**found, "file": None if done.file is None else str(done.file)})
        return
    sys.stdout.write(f"master key: {done.key_id} (before: {done.replaced})\n")
    sys.stdout.flush()
    if done.variable is not None:
        note(f"From now on give it in {done.variable} to every command on the data directory.")
    if done.file is not None:
        note(f"Back up {done.file} apart from the database.")
    note("Servers that run go on; give the new key to every node before its next start.")
    if done.variable is not None:
        note("Start them again with it before you rotate a seal key or a pepper.")
    note(f"Backups of the database made before need key {done.replaced}: keep it as long as them.")
