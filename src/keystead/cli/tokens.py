"""`keystead token`: make, list, show and change API tokens; their ends are in `token_lifecycle`."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs, token_lifecycle
from keystead.cli.connection import All, Limit, Listing, PageToken, connect
from keystead.cli.failures import Misuse
from keystead.cli.names import owner_id, token_id
from keystead.cli.output import Json, Quiet, instant
from keystead.cli.token_options import (
    EXPIRES,
    Levels,
    Metadata,
    Networks,
    Scopes,
    Token,
    hand_out,
    show_token,
)
from keystead.core.clock import SystemClock
from keystead_client import UNSET, credentials

__all__ = ["app"]

app = typer.Typer(help="Make, show, change and end API tokens.")
app.add_typer(token_lifecycle.app)


@app.command()
def create(  # noqa: PLR0913  # the fields of a token
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Unique among tokens.")],
    *,
    expires: Annotated[str, typer.Option(metavar="WHEN", help=EXPIRES)],
    scope: Scopes,
    level: Levels,
    network: Networks,
    not_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it begins: an instant or a span.")
    ] = None,
    description: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    owner: Annotated[
        str | None,
        typer.Option(metavar="OWNER", help="Whose it is: id, login or name. [default: yours]"),
    ] = None,
    metadata: Metadata,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Create a token.

    It is printed alone on standard output, this once; only a digest of it is kept.
    TOKEN=$(keystead token create ...) holds it.
    """
    now = SystemClock().now()
    expires_at = inputs.until(expires, "--expires", now)
    begin = None if not_before is None else inputs.moment(not_before, "--not-before", now)
    wanted_levels = inputs.levels(level)
    texts = inputs.pairs(metadata, "--metadata")
    with connect(context) as client:
        issued = client.send(
            credentials.create(
                name,
                expires_at=expires_at,
                scopes=inputs.words(scope),
                levels=wanted_levels,
                networks=inputs.words(network),
                not_before=begin,
                description=description,
                owner_id=None if owner is None else owner_id(client, owner),
                metadata=texts,
            )
        )
    hand_out(issued, "created", as_json=json, quiet=quiet)


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="STATE", help="active, expiring, expired, not_yet_valid, disabled or revoked."
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="OWNER", help="Whose: id, login or name.")
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="TEXT", help="Text in the name.")] = None,
    expires_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only those that end before.")
    ] = None,
    last_used_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only those not used since.")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="name, created_at or expires_at; -name: backwards."),
    ] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the tokens that you may see."""
    now = SystemClock().now()
    ends = inputs.moment_or_none(expires_before, "--expires-before", now)
    used = inputs.moment_or_none(last_used_before, "--last-used-before", now)
    with connect(context) as client:
        call = credentials.find(
            kind="api_token",
            state=state,
            owner_id=None if owner is None else owner_id(client, owner),
            q=query,
            expires_before=ends,
            last_used_before=used,
            sort=sort,
        )
        Listing(limit, page_token, everything, json).show(
            client,
            call,
            ("ID", "NAME", "STATE", "OWNER", "EXPIRES", "LAST USED"),
            lambda each: (
                each.id,
                each.name,
                each.state,
                each.owner.name,
                instant(each.expires_at),
                instant(each.last_used.at if each.last_used else None),
            ),
        )


@app.command()
def show(context: typer.Context, token: Token, *, json: Json = False) -> None:
    """Show a token's facts.

    Its secret is not among them.
    """
    with connect(context) as client:
        found = client.send(credentials.get(token_id(client, token)))
    show_token(found, as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of a token that can change
    context: typer.Context,
    token: Token,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.")] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A new description.")
    ] = None,
    scope: Scopes,
    level: Levels,
    network: Networks,
    any_network: Annotated[
        bool, typer.Option("--any-network", help="Accept it from anywhere.")
    ] = False,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help=EXPIRES)] = None,
    not_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it begins; never: at once.")
    ] = None,
    metadata: Metadata,
    no_metadata: Annotated[bool, typer.Option("--no-metadata", help="Drop all of it.")] = False,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Scopes, networks and metadata are replaced whole. The secret stays; what is taken away is
    refused from the next request on.
    """
    if network and any_network:
        raise Misuse("--network and --any-network exclude each other")
    if metadata and no_metadata:
        raise Misuse("--metadata and --no-metadata exclude each other")
    inputs.require_change(
        name, description, scope, level, network, any_network, expires, not_before,
        metadata, no_metadata,
    )  # fmt: skip
    now = SystemClock().now()
    expires_at = UNSET if expires is None else inputs.until(expires, "--expires", now)
    begin = UNSET if not_before is None else inputs.until(not_before, "--not-before", now)
    wanted_levels = inputs.levels(level) if level else UNSET
    texts = inputs.pairs(metadata, "--metadata") if metadata or no_metadata else UNSET
    with connect(context) as client:
        found = client.send(
            credentials.edit(
                token_id(client, token),
                name=UNSET if name is None else name,
                description=UNSET if description is None else description,
                scopes=inputs.words(scope) if scope else UNSET,
                levels=wanted_levels,
                networks=inputs.words(network) if network or any_network else UNSET,
                expires_at=expires_at,
                not_before=begin,
                metadata=texts,
            )
        )
    show_token(found, as_json=json)
