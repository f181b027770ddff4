"""`keystead token | key | client rotate | revoke | disable | enable | delete`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import Noun
from keystead.cli.credentials.options import (
    EXPIRES,
    EndAccessTokens,
    Overlap,
    PublicKeys,
    UntilFirstUse,
    hand_out,
    say_registered,
    say_state,
)
from keystead.cli.failures import Misuse
from keystead.cli.files import read_object
from keystead.cli.names import credential_id
from keystead.cli.options import Json, Quiet, Yes, confirm_for_good
from keystead.cli.output import done
from keystead.core.clock import SystemClock
from keystead_client import UNSET, credentials

__all__ = ["add_lifecycle"]


def add_lifecycle(app: typer.Typer, noun: Noun, *, rotating: str) -> None:
    """Add the commands that end one, and that give it a new secret."""
    word = noun.word

    @app.command(help=rotating)
    @noun.fitting
    def rotate(  # noqa: PLR0913  # the fields of a rotation
        context: typer.Context,
        named: str = noun.named,
        *,
        overlap: Overlap = None,
        until_first_use: UntilFirstUse = False,
        expires: Annotated[str | None, EXPIRES] = None,
        public_keys: PublicKeys = None,
        end_access_tokens: EndAccessTokens = False,
        quiet: Quiet = False,
        json: Json = False,
    ) -> None:
        if public_keys is not None and until_first_use:
            raise Misuse(
                "--public-keys and --until-first-use exclude each other: no secret is made"
            )
        now = SystemClock().now()
        overlap_seconds = UNSET if overlap is None else inputs.seconds(overlap, "--overlap")
        end: dict[str, Any] = {} if expires is None else inputs.ending(expires, "--expires", now)
        keys = None if public_keys is None else read_object(public_keys)
        client = connect(context)
        found = credential_id(client, noun, named)
        if keys is not None:
            registering = credentials.register_keys(
                found,
                keys,
                overlap_seconds=overlap_seconds,
                end_access_tokens=end_access_tokens or UNSET,
                **end,
            )
            say_registered(client.send(registering), "rotated", quiet=quiet, as_json=json)
            return
        rotating = credentials.rotate(
            found,
            overlap_seconds=overlap_seconds,
            revoke_after_first_use=until_first_use or UNSET,
            end_access_tokens=end_access_tokens or UNSET,
            **end,
        )
        hand_out(client.send(rotating), "rotated", quiet=quiet, as_json=json)

    @app.command(help=f"Refuse a {word} from now on, for ever; its record stays.")
    def revoke(
        context: typer.Context, named: str = noun.named, *, yes: Yes = False, json: Json = False
    ) -> None:
        confirm_for_good(f"Revoke the {word} {named}", yes=yes)
        client = connect(context)
        found = credential_id(client, noun, named)
        say_state(client.send(credentials.revoke(found)), as_json=json)

    _add_switches(app, noun)

    @app.command(
        help=f"End a {word} and free its name.\n\nIt is refused from now on and no longer listed."
    )
    def delete(
        context: typer.Context, named: str = noun.named, *, yes: Yes = False, json: Json = False
    ) -> None:
        confirm_for_good(f"Delete the {word} {named}", yes=yes)
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
