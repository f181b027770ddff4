"""`keystead token | key | client create` and `edit`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from keystead.cli import inputs
from keystead.cli.changes import given, replacement, require_change
from keystead.cli.connection import connect
from keystead.cli.credentials.access import Levels, Scopes, wanted
from keystead.cli.credentials.nouns import TOKEN, Noun
from keystead.cli.credentials.options import (
    EXPIRES,
    LegacyAudience,
    MaxUses,
    Metadata,
    Networks,
    PublicKeys,
    Type,
    hand_out,
    say_how,
    say_registered,
    show_credential,
)
from keystead.cli.failures import Misuse
from keystead.cli.files import read_object
from keystead.cli.names import credential_id, owner_id
from keystead.cli.options import Json, NewName, Quiet, option
from keystead.core.clock import SystemClock
from keystead_client import UNSET, credentials

__all__ = ["add_making"]


def add_making(app: typer.Typer, noun: Noun, *, help_: str) -> None:
    """Add the commands that make one and change what it may do."""
    name_help = f"Unique among {noun.word}s, such as {noun.example}."
    new_name = typer.Argument(metavar="NAME", help=name_help)

    @app.command(help=help_)
    @noun.fitting
    def create(  # noqa: PLR0913  # the fields of a credential
        context: typer.Context,
        name: str = new_name,
        *,
        expires: Annotated[str, EXPIRES],
        type_: Type = None,
        public_keys: PublicKeys = None,
        legacy_audience: LegacyAudience = None,
        scope: Scopes,
        level: Levels,
        network: Networks,
        not_before: Annotated[
            str | None, option("WHEN", "When it begins: an instant or a span.")
        ] = None,
        description: Annotated[str | None, option("TEXT", "What it is for.")] = None,
        owner: Annotated[
            str | None, option("OWNER", "Whose it is: id, login or name. [default: yours]")
        ] = None,
        metadata: Metadata,
        max_uses: MaxUses = None,
        quiet: Quiet = False,
        json: Json = False,
    ) -> None:
        client = connect(context)
        now = SystemClock().now()
        keys = None if public_keys is None else read_object(public_keys)
        if keys is None and legacy_audience is not None:
            raise Misuse("--legacy-audience is for a client with --public-keys")
        fields: dict[str, Any] = {
            **inputs.ending(expires, "--expires", now),
            "networks": replacement(network, inputs.words),
            "not_before": given(inputs.moment_or_none(not_before, "--not-before", now)),
            "description": given(description),
            "metadata": replacement(metadata, inputs.metadata),
        }
        # The last, because they ask: what is typed wrongly is said before.
        may = wanted(client, scope, level)
        fields |= may.fields
        fields["owner_id"] = UNSET if owner is None else owner_id(client, owner)
        if keys is None:
            fields |= {"type_": given(type_), "max_uses": given(max_uses)}
            call = credentials.create(name, kind=noun.kind, **fields)
            issued = client.send(call)
            hand_out(issued, "created", quiet=quiet, as_json=json)
            if noun is TOKEN and not json:
                say_how(issued, client.url, quiet=quiet)
        else:
            fields["legacy_audience"] = given(legacy_audience)
            made = client.send(credentials.create_with_keys(name, keys, **fields))
            say_registered(made, "created", quiet=quiet, as_json=json)

    @app.command(
        help=(
            "Change what is given and leave the rest.\n\n"
            "Scopes with levels, networks and metadata are replaced whole. The secret stays; what is "
            "taken away is refused from the next request on."
        )
    )
    def edit(  # noqa: PLR0913  # the fields that can change
        context: typer.Context,
        named: str = noun.named,
        *,
        name: NewName = None,
        description: Annotated[str | None, option("TEXT", "A new description.")] = None,
        scope: Scopes,
        level: Levels,
        network: Networks,
        no_networks: Annotated[
            bool, typer.Option("--no-networks", help="Accept it from anywhere.")
        ] = False,
        expires: Annotated[str | None, EXPIRES] = None,
        not_before: Annotated[str | None, option("WHEN", "When it begins; never: at once.")] = None,
        metadata: Metadata,
        no_metadata: Annotated[bool, typer.Option("--no-metadata", help="Drop all of it.")] = False,
        max_uses: MaxUses = None,
        no_max_uses: Annotated[
            bool, typer.Option("--no-max-uses", help="Let it be used any number of times.")
        ] = False,
        legacy_audience: LegacyAudience = None,
        no_legacy_audience: Annotated[
            bool, typer.Option("--no-legacy-audience", help="Take the issuer alone.")
        ] = False,
        json: Json = False,
    ) -> None:
        require_change(context)
        if no_legacy_audience and legacy_audience is not None:
            raise Misuse("--legacy-audience and --no-legacy-audience exclude each other")
        if no_max_uses and max_uses is not None:
            raise Misuse("--max-uses and --no-max-uses exclude each other")
        client = connect(context)
        now = SystemClock().now()
        end: dict[str, Any] = {} if expires is None else inputs.ending(expires, "--expires", now)
        change = partial(
            credentials.edit,
            name=given(name),
            description=given(description),
            networks=replacement(
                network, inputs.words, empty=no_networks, options="--network and --no-networks"
            ),
            not_before=(
                UNSET if not_before is None else inputs.until(not_before, "--not-before", now)
            ),
            metadata=replacement(
                metadata, inputs.metadata, empty=no_metadata, options="--metadata and --no-metadata"
            ),
            legacy_audience=None if no_legacy_audience else given(legacy_audience),
            max_uses=None if no_max_uses else given(max_uses),
        )
        may = wanted(client, scope, level)
        found = credential_id(client, noun, named)
        show_credential(client.send(change(found, **end, **may.fields)), as_json=json)
