"""`keystead token | key | client list` and `show`."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import Noun
from keystead.cli.credentials.options import Type, show_credential
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import credential_id, owner_id
from keystead.cli.options import Json, Query, option
from keystead.cli.output import instant
from keystead.core.clock import SystemClock
from keystead_client import credentials

__all__ = ["add_reading"]


def add_reading(app: typer.Typer, noun: Noun) -> None:
    """Add the commands that change nothing."""

    @app.command("list", help=f"List the {noun.word}s that you may see.")
    @noun.fitting
    def list_(  # noqa: PLR0913  # the filters of the list
        context: typer.Context,
        *,
        type_: Type = None,
        state: Annotated[
            str | None,
            option("STATE", "active, expiring, expired, not_yet_valid, disabled or revoked."),
        ] = None,
        owner: Annotated[str | None, option("OWNER", "Whose: id, login or name.")] = None,
        query: Query = None,
        expires_before: Annotated[str | None, option("WHEN", "Only those that end before.")] = None,
        last_used_before: Annotated[
            str | None, option("WHEN", "Only those not used since then, or for so long.")
        ] = None,
        sort: Annotated[
            str | None, option("FIELD", "name, created_at or expires_at; -name: backwards.")
        ] = None,
        limit: Limit = 50,
        page_token: PageToken = None,
        everything: All = False,
        json: Json = False,
    ) -> None:
        client = connect(context)
        now = SystemClock().now()
        Listing(limit, page_token, everything, json).show(
            client,
            credentials.find(
                kind=noun.kind,
                type_=type_,
                state=state,
                q=query,
                expires_before=inputs.moment_or_none(expires_before, "--expires-before", now),
                last_used_before=inputs.moment_or_none(
                    last_used_before, "--last-used-before", now, ago=True
                ),
                sort=sort,
                owner_id=None if owner is None else owner_id(client, owner),
            ),
            ("ID", "NAME", "STATE", "OWNER", "CREATED", "EXPIRES", "LAST USED"),
            lambda each: (
                each.id,
                each.name,
                each.state,
                each.owner.name,
                instant(each.created_at),
                instant(each.expires_at),
                instant(each.last_used.at if each.last_used else None),
            ),
        )

    @app.command(help=f"Show a {noun.word}'s facts.\n\nIts secret is not among them.")
    def show(context: typer.Context, named: str = noun.named, *, json: Json = False) -> None:
        client = connect(context)
        found = client.send(credentials.get(credential_id(client, noun, named)))
        show_credential(found, as_json=json)
