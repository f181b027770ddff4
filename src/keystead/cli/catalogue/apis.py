"""`keystead api`: APIs of yours, and what can be allowed on them."""

from __future__ import annotations

import json as json_
import sys
from typing import Annotated, Final

import typer

from keystead.cli import inputs
from keystead.cli.catalogue import samples
from keystead.cli.catalogue.documents import document_of, read_document
from keystead.cli.catalogue.shown import say_effect, sentence_of, show_api, show_effect
from keystead.cli.changes import replacement, require_change
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import get_api, owner_id
from keystead.cli.options import Json, NewName, Yes, confirm_for_good, option, several
from keystead.cli.output import document, done, note
from keystead_client import Unset, apis

__all__ = ["app"]

app = typer.Typer()
app.add_typer(samples.app, name="sample", help="Catalogues to begin with.")

_PAGE: Final = 200

APIName = Annotated[str, typer.Argument(metavar="API", help="Id, identifier or name.")]
File = Annotated[
    str | None, option("FILE", "JSON with its fields and its catalogue; - is standard input.")
]
Sample = Annotated[str | None, option("SAMPLE", "Or one that comes with Keystead; see `sample`.")]
Description = Annotated[str | None, option("TEXT", "What it is for.")]
Owner = Annotated[str | None, option("OWNER", "Whose it is: id, login or name.")]
Verifiers = Annotated[
    list[str], several("OWNER", "Who else may verify tokens for it: id, login or name.")
]
TokenFormat = Annotated[str | None, option("FORMAT", "opaque or jwt.")]
Algorithm = Annotated[str | None, option("NAME", "For JWTs: ES256, EdDSA or RS256.")]
Lifetime = Annotated[
    str | None, option("SPAN", "How long access tokens live at most: 60s to 24h, such as 15m.")
]
OfflineNetworks = Annotated[
    str | None,
    option(
        "WORD",
        "For JWTs: accepted, if credentials bound to networks may be given one; else refused.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say for which credentials it would matter.")
]


@app.command()
def create(  # noqa: PLR0913  # the fields of an API
    context: typer.Context,
    *,
    identifier: Annotated[
        str | None, option("URI", "Absolute, without a fragment; it never changes.")
    ] = None,
    name: Annotated[str | None, option("NAME", "As people call it.")] = None,
    file: File = None,
    sample: Sample = None,
    description: Description = None,
    owner: Owner = None,
    verifier: Verifiers,
    token_format: TokenFormat = None,
    algorithm: Algorithm = None,
    token_lifetime: Lifetime = None,
    offline_networks: OfflineNetworks = None,
    json: Json = False,
) -> None:
    """Register an API.

    Options stand before what the file or the sample says.
    """
    fields = read_document(file, sample)
    client = connect(context)
    fields |= _given(
        identifier=identifier,
        name=name,
        description=description,
        token_format=token_format,
        algorithm=algorithm,
        token_seconds=_seconds(token_lifetime),
        offline_networks=offline_networks,
        owner_id=None if owner is None else owner_id(client, owner),
        verifiers=[owner_id(client, each) for each in verifier] or None,
    )
    show_api(client.send(apis.create_from(fields)), as_json=json)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    owner: Annotated[str | None, option("OWNER", "Whose: id, login or name.")] = None,
    query: Annotated[str | None, option("TEXT", "Text in the name or the identifier.")] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List APIs, Keystead's own among them."""
    client = connect(context)
    whose = None if owner is None else owner_id(client, owner)
    Listing(limit, page_token, everything, json).show(
        client,
        apis.find(q=query, owner_id=whose),
        ("ID", "NAME", "IDENTIFIER", "TOKENS", "SCOPES"),
        lambda each: (each.id, each.name, each.identifier, each.token_format, str(each.scopes)),
    )


@app.command()
def show(context: typer.Context, api: APIName, *, json: Json = False) -> None:
    """Show an API and everything that can be allowed on it."""
    client = connect(context)
    show_api(client.send(apis.get(get_api(client, api).id)), as_json=json)


@app.command()
def export(context: typer.Context, api: APIName, *, json: Json = False) -> None:
    """Print an API as a file for --file."""
    client = connect(context)
    found = document_of(client.send(apis.get(get_api(client, api).id)))
    if json:
        document(found)
    else:
        sys.stdout.write(json_.dumps(found, indent=2, ensure_ascii=False) + "\n")


@app.command()
def edit(  # noqa: PLR0913  # the fields of an API that can change
    context: typer.Context,
    api: APIName,
    *,
    name: NewName = None,
    file: File = None,
    sample: Sample = None,
    description: Description = None,
    owner: Owner = None,
    verifier: Verifiers,
    no_verifiers: Annotated[
        bool, typer.Option("--no-verifiers", help="Only its owner verifies tokens for it.")
    ] = False,
    token_format: TokenFormat = None,
    algorithm: Algorithm = None,
    token_lifetime: Lifetime = None,
    offline_networks: OfflineNetworks = None,
    revision: Annotated[
        int | None, option("N", "Change it only if it still is at this revision.")
    ] = None,
    dry_run: DryRun = False,
    page_token: PageToken = None,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Verifiers and the catalogue are replaced whole. What the catalogue loses, every credential loses
    from the next request on; --dry-run says before which ones.
    """
    require_change(context, "dry_run", "page_token", "revision")
    _require_trying(page_token, dry_run=dry_run)
    fields = read_document(file, sample)
    client = connect(context)
    verifiers = replacement(
        verifier,
        lambda names: [owner_id(client, each) for each in names],
        empty=no_verifiers,
        options="--verifier and --no-verifiers",
    )
    fields |= _given(
        name=name,
        description=description,
        token_format=token_format,
        algorithm=algorithm,
        token_seconds=_seconds(token_lifetime),
        offline_networks=offline_networks,
        revision=revision,
        owner_id=None if owner is None else owner_id(client, owner),
        verifiers=None if isinstance(verifiers, Unset) else verifiers,
    )
    found = get_api(client, api)
    if fields.pop("identifier", found.identifier) != found.identifier:
        raise Misuse(f"the file is another API's: the identifier of {found.name} never changes")
    if dry_run:
        tried = apis.preview_edit_from(found.id, fields, page_token=page_token, page_size=_PAGE)
        show_effect(client.send(tried).effect, as_json=json)
        return
    made = client.send(apis.edit_from(found.id, fields))
    if json:
        document(made.raw)
        return
    show_api(made.api, as_json=False)
    say_effect(made.effect)


@app.command()
def delete(
    context: typer.Context,
    api: APIName,
    *,
    dry_run: DryRun = False,
    page_token: PageToken = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Delete an API; access to it is access to nothing from then on.

    Its identifier is free again only if no credential ever had access to it.
    """
    _require_trying(page_token, dry_run=dry_run)
    client = connect(context)
    found = get_api(client, api)
    if dry_run:
        tried = apis.preview_delete(found.id, page_token=page_token, page_size=_PAGE)
        show_effect(client.send(tried), as_json=json)
        return
    if not yes:
        note(sentence_of(client.send(apis.preview_delete(found.id, page_size=1))))
    confirm_for_good(f"Delete the API {found.name}", yes=yes)
    client.send(apis.delete(found.id))
    done({"deleted": found.id}, f"deleted {found.id} ({found.name})", as_json=json)


def _given(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _seconds(span: str | None) -> int | None:
    return None if span is None else inputs.seconds(span, "--token-lifetime")


def _require_trying(page_token: str | None, *, dry_run: bool) -> None:
    if page_token is not None and not dry_run:
        raise Misuse("--page-token is for --dry-run")
