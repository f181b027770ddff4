"""`keystead token rotate | revoke | disable | enable | delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import Yes, confirm, connect
from keystead.cli.failures import Misuse
from keystead.cli.names import token_id
from keystead.cli.output import Json, Quiet, document, note
from keystead.cli.token_options import EXPIRES, Token, hand_out, say_state
from keystead.core.clock import SystemClock
from keystead_client import UNSET, credentials

__all__ = ["app"]

app = typer.Typer()

TokenOrSelf = Annotated[
    str | None, typer.Argument(metavar="TOKEN", help="Its id, public id or name.")
]
Own = Annotated[bool, typer.Option("--self", help="The token that this command uses itself.")]


@app.command()
def rotate(
    context: typer.Context,
    token: TokenOrSelf = None,
    *,
    own: Own = False,
    overlap: Annotated[
        str, typer.Option(metavar="SPAN", help="How long the old secret stays good; at most 7d.")
    ] = "0s",
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help=EXPIRES)] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Give a token a new secret.

    It is printed alone on standard output, this once. With --self the end of the token stays.
    """
    _require_one(token, own=own)
    if own and expires is not None:
        raise Misuse("--self and --expires exclude each other: a token cannot move its own end")
    now = SystemClock().now()
    overlap_seconds = inputs.seconds(overlap, "--overlap")
    expires_at = UNSET if expires is None else inputs.until(expires, "--expires", now)
    with connect(context) as client:
        issued = client.send(
            credentials.rotate_self(overlap_seconds=overlap_seconds)
            if token is None
            else credentials.rotate(
                token_id(client, token), overlap_seconds=overlap_seconds, expires_at=expires_at
            )
        )
    hand_out(issued, "rotated", as_json=json, quiet=quiet)


@app.command()
def revoke(
    context: typer.Context,
    token: TokenOrSelf = None,
    *,
    own: Own = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Refuse a token from now on, for ever; its record stays."""
    _require_one(token, own=own)
    confirm(f"Revoke {token or 'the token in use'}? This cannot be undone.", yes=yes)
    with connect(context) as client:
        if token is not None:
            say_state(client.send(credentials.revoke(token_id(client, token))), as_json=json)
            return
        client.send(credentials.revoke_self())
    if json:
        document({"revoked": "self"})
    else:
        note("the token in use is revoked")


@app.command()
def disable(context: typer.Context, token: Token, *, json: Json = False) -> None:
    """Refuse a token until it is enabled again."""
    with connect(context) as client:
        found = client.send(credentials.disable(token_id(client, token)))
    say_state(found, as_json=json)


@app.command()
def enable(context: typer.Context, token: Token, *, json: Json = False) -> None:
    """Accept a disabled token again."""
    with connect(context) as client:
        found = client.send(credentials.enable(token_id(client, token)))
    say_state(found, as_json=json)


@app.command()
def delete(context: typer.Context, token: Token, *, yes: Yes = False, json: Json = False) -> None:
    """End a token and free its name.

    It is refused from now on and no longer listed.
    """
    confirm(f"Delete {token}? This cannot be undone.", yes=yes)
    with connect(context) as client:
        found = token_id(client, token)
        client.send(credentials.delete(found))
    if json:
        document({"deleted": found})
    else:
        note(f"deleted {found}")


def _require_one(token: str | None, *, own: bool) -> None:
    if (token is None) != own:
        raise Misuse("name one token, or say --self")
