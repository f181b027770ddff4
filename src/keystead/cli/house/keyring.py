"""`keystead keyring`: the keys that the master key wraps, by commands on the data directory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from keystead.cli.failures import Exit, Misuse
from keystead.cli.house.installation import Data
from keystead.cli.options import Json
from keystead.cli.output import document, note, table
from keystead.core.clock import Instant, format_instant

if TYPE_CHECKING:
    from keystead.crypto.keyring import WrappedKey
    from keystead.ports.keyring import Purpose

__all__ = ["app"]

app = typer.Typer()

_PURPOSES: Final = ("seal", "pepper")
_TOLD_EVERY: Final = 1000


@app.command("list")
def list_(data: Data, *, json: Json = False) -> None:
    """List the keys: what each is for, how much it has sealed, and since when another one is in use."""
    from keystead import rotation

    found = sorted(rotation.list_keys(data), key=lambda key: (key.purpose, key.n))
    if json:
        items = [
            {"purpose": key.purpose, "n": key.n, "seals": key.seals, "replaced_at": _replaced(key)}
            for key in found
        ]
        document({"items": items, "next_page_token": None})
        return
    rows = [
        (
            key.purpose,
            str(key.n),
            f"{key.seals:,}" if key.purpose == "seal" else "",
            _replaced(key) or "",
        )
        for key in found
    ]
    table(("PURPOSE", "N", "SEALED", "REPLACED"), rows)


@app.command()
def rotate(
    purpose: Annotated[str, typer.Argument(metavar="PURPOSE", help="seal or pepper.")],
    data: Data,
    *,
    json: Json = False,
) -> None:
    """Let a new key take the place of the one in use, while servers run.

    With a new seal key, the servers seal anew what the old one has sealed, and remove it then. A pepper finds
    tokens and secrets by their digests; the old one goes when the last that it finds has ended.
    """
    from keystead import rotation

    if purpose not in _PURPOSES:
        raise Misuse("PURPOSE is seal or pepper")
    n = rotation.rotate_key(data, cast("Purpose", purpose))
    if json:
        document({"purpose": purpose, "n": n})
        return
    sys.stdout.write(f"{purpose}: key {n} is in use\n")
    sys.stdout.flush()
    if purpose == "seal":
        note("Servers seal anew what the old key has sealed; keystead keyring reseal does it now.")
    else:
        note("The old one goes when the last token or secret that it finds has ended.")


@app.command()
def reseal(data: Data, *, json: Json = False) -> None:
    """Seal anew what replaced keys have sealed, and remove the keys that nothing needs.

    The servers' upkeep does it too, beside all else. It can be ended and begun again at any time; it exits
    with 9 if a value does not open.
    """
    from keystead import rotation

    told = 0

    def tell(sealed: int) -> None:
        nonlocal told
        if sealed - told >= _TOLD_EVERY and not json:
            told = sealed
            note(f"{sealed:,} values are sealed anew")

    done = rotation.let_go(data, tell)
    if json:
        document({"sealed": done.sealed, "broken": done.broken, "left": list(done.left)})
    else:
        sys.stdout.write(f"sealed anew: {done.sealed:,}\n")
        sys.stdout.flush()
        for key in done.left:
            note(f"{key} is still needed")
    if done.broken:
        raise Misuse(
            f"{done.broken:,} sealed values do not open; they were altered, and keep their key",
            exit_code=Exit.MISCONFIGURED,
            code="misconfigured",
        )


def _replaced(key: WrappedKey) -> str | None:
    return None if key.superseded_at is None else format_instant(Instant(key.superseded_at))
