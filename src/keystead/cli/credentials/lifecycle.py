"""`keystead token | key | client rotate | revoke | disable | enable | delete`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import Noun
from keystead.cli.credentials.options import (
    EXPIRES,
    PublicKeys,
    hand_out,
    say_registered,
    say_state,
)
from keystead.cli.failures import Misuse
from keystead.cli.files import read_object
from keystead.cli.names import credential_id
from keystead.cli.options import Json, Quiet, Yes, confirm, option
from keystead.cli.output import done
from keystead.core.clock import SystemClock
from keystead_client import UNSET, credentials

__all__ = ["add_lifecycle"]

Own = Annotated[
    bool,
    typer.Option("--self", help="The credential that this command uses itself, of any kind."),
]


def add_lifecycle(app: typer.Typer, noun: Noun, *, rotating: str) -> None:
    """Add the commands that end one, and that give it a new secret."""
    word = noun.word
    named_or_self: Any = noun.named if "own" in noun.without else _named_or_self(noun)

    def require_one(named: str | None, *, own: bool) -> None:
        if (named is None) != own:
            raise Misuse(f"name one {word}, or say --self")

    @app.command(help=rotating)
    @noun.fitting
    def rotate(  # noqa: PLR0913  # the fields of a rotation
        context: typer.Context,
        named: str | None = named_or_self,
        *,
        own: Own = False,
        overlap: Annotated[
            str | None, option("SPAN", "How long old secrets stay good; at most 7d. [default: 0s]")
        ] = None,
        until_first_use: Annotated[
            bool,
            typer.Option(
                "--until-first-use",
                help="The new secret's first use ends old ones; without --overlap after 7d at the latest.",
            ),
        ] = False,
        expires: Annotated[str | None, EXPIRES] = None,
        public_keys: PublicKeys = None,
        end_access_tokens: Annotated[
            bool,
            typer.Option(
                "--end-access-tokens", help="End access tokens that old secrets were given."
            ),
        ] = False,
        quiet: Quiet = False,
        json: Json = False,
    ) -> None:
        require_one(named, own=own)
        if own and expires is not None:
            raise Misuse(
                f"--self and --expires exclude each other: a {word} cannot move its own end"
            )
        if public_keys is not None and until_first_use:
            raise Misuse(
                "--public-keys and --until-first-use exclude each other: no secret is made"
            )
        now = SystemClock().now()
        overlap_seconds = UNSET if overlap is None else inputs.seconds(overlap, "--overlap")
        expires_at = UNSET if expires is None else inputs.until(expires, "--expires", now)
        keys = None if public_keys is None else read_object(public_keys)
        client = connect(context)
        if named is not None and keys is not None:
            registering = credentials.register_keys(
                credential_id(client, noun, named),
                keys,
                overlap_seconds=overlap_seconds,
                expires_at=expires_at,
                end_access_tokens=end_access_tokens or UNSET,
            )
            say_registered(client.send(registering), "rotated", quiet=quiet, as_json=json)
            return
        issued = client.send(
            credentials.rotate_self(
                overlap_seconds=overlap_seconds, revoke_after_first_use=until_first_use or UNSET
            )
            if named is None
            else credentials.rotate(
                credential_id(client, noun, named),
                overlap_seconds=overlap_seconds,
                revoke_after_first_use=until_first_use or UNSET,
                expires_at=expires_at,
                end_access_tokens=end_access_tokens or UNSET,
            )
        )
        hand_out(issued, "rotated", quiet=quiet, as_json=json)

    @app.command(help=f"Refuse a {word} from now on, for ever; its record stays.")
    @noun.fitting
    def revoke(
        context: typer.Context,
        named: str | None = named_or_self,
        *,
        own: Own = False,
        yes: Yes = False,
        json: Json = False,
    ) -> None:
        require_one(named, own=own)
        confirm(f"Revoke {named or f'the {word} in use'}? This cannot be undone.", yes=yes)
        client = connect(context)
        if named is None:
            client.send(credentials.revoke_self())
            done({"revoked": "self"}, f"the {word} in use is revoked", as_json=json)
        else:
            found = credential_id(client, noun, named)
            say_state(client.send(credentials.revoke(found)), as_json=json)

    _add_switches(app, noun)

    @app.command(
        help=f"End a {word} and free its name.\n\nIt is refused from now on and no longer listed."
    )
    def delete(
        context: typer.Context, named: str = noun.named, *, yes: Yes = False, json: Json = False
    ) -> None:
        confirm(f"Delete {named}? This cannot be undone.", yes=yes)
        client = connect(context)
        found = credential_id(client, noun, named)
        client.send(credentials.delete(found))
        done({"deleted": found}, f"deleted {found}", as_json=json)


def _add_switches(app: typer.Typer, noun: Noun) -> None:
    @app.command(help=f"Refuse a {noun.word} until it is enabled again.")
    def disable(context: typer.Context, named: str = noun.named, *, json: Json = False) -> None:
        client = connect(context)
        found = credential_id(client, noun, named)
        say_state(client.send(credentials.disable(found)), as_json=json)

    @app.command(help=f"Accept a disabled {noun.word} again.")
    def enable(context: typer.Context, named: str = noun.named, *, json: Json = False) -> None:
        client = connect(context)
        found = credential_id(client, noun, named)
        say_state(client.send(credentials.enable(found)), as_json=json)


def _named_or_self(noun: Noun) -> object:
    return typer.Argument(None, metavar=noun.word.upper(), help="Its id, public id or name.")
