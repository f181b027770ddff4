"""`keystead folder`: where accounts live and rights are granted."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import All, Limit, Listing, PageToken, Yes, confirm, connect
from keystead.cli.failures import Misuse
from keystead.cli.names import find_folder, owner_id, split_path
from keystead.cli.output import Json, document, facts, instant, note
from keystead_client import UNSET, Client, folders
from keystead_client.records import Folder, Grant

__all__ = ["app"]

app = typer.Typer(help="Make, show and delete folders; grant rights on them.")

FolderName = Annotated[str, typer.Argument(metavar="FOLDER", help="Its path (ops/db) or id.")]
Grants = Annotated[
    list[str],
    typer.Option(
        "--grant",
        metavar="OWNER=RIGHT",
        help="A right for an owner (id, login or name): viewer, user or manager.",
        default_factory=list,
        show_default=False,
    ),
]


@app.command()
def create(
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Where: ops, or ops/db below the folder ops.")
    ],
    *,
    grant: Grants,
    json: Json = False,
) -> None:
    """Create a folder; you become its manager."""
    above, name = split_path(path)
    rights = inputs.pairs(grant, "--grant")
    with connect(context) as client:
        parent_id = find_folder(client, above).id if above else None
        made = client.send(
            folders.create(name, parent_id=parent_id, grants=_grants(client, rights))
        )
    _show(made, as_json=json)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    parent: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Only those in this folder.")
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="TEXT", help="Text in the name.")] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the folders that you may see."""
    with connect(context) as client:
        parent_id = None if parent is None else find_folder(client, parent).id
        Listing(limit, page_token, everything, json).show(
            client,
            folders.find(parent_id=parent_id, q=query),
            ("ID", "PATH", "CREATED"),
            lambda each: (each.id, each.path, instant(each.created_at)),
        )


@app.command()
def show(context: typer.Context, folder: FolderName, *, json: Json = False) -> None:
    """Show a folder and the rights granted on it."""
    with connect(context) as client:
        _show(find_folder(client, folder), as_json=json)


@app.command()
def edit(
    context: typer.Context,
    folder: FolderName,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.")] = None,
    move_to: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Another place; / is the top.")
    ] = None,
    grant: Grants,
    withdraw: Annotated[
        list[str],
        typer.Option(
            metavar="OWNER",
            help="Take away an owner's right.",
            default_factory=list,
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Rename or move a folder, grant a right on it or take one away."""
    inputs.require_change(name, move_to, grant, withdraw)
    rights = inputs.pairs(grant, "--grant")
    with connect(context) as client:
        found = find_folder(client, folder)
        change = folders.edit(
            found.id,
            name=UNSET if name is None else name,
            parent_id=UNSET if move_to is None else _place(client, move_to),
            grants=_changed(client, found, rights, withdraw) if grant or withdraw else UNSET,
        )
        changed = client.send(change)
    _show(changed, as_json=json)


@app.command()
def delete(
    context: typer.Context, folder: FolderName, *, yes: Yes = False, json: Json = False
) -> None:
    """Delete an empty folder."""
    confirm(f"Delete the folder {folder}?", yes=yes)
    with connect(context) as client:
        found = find_folder(client, folder)
        client.send(folders.delete(found.id))
    if json:
        document({"deleted": found.id})
    else:
        note(f"deleted {found.id} ({found.path})")


def _place(client: Client, text: str) -> str | None:
    return None if text == "/" else find_folder(client, text).id


def _grants(client: Client, rights: dict[str, str]) -> list[Grant]:
    return [Grant(owner_id(client, owner), right) for owner, right in rights.items()]


def _changed(
    client: Client, found: Folder, rights: dict[str, str], withdrawn: list[str]
) -> list[Grant]:
    kept = {each.owner_id: each for each in found.grants}
    for owner in withdrawn:
        if kept.pop(owner_id(client, owner), None) is None:
            raise Misuse(f"--withdraw: {owner} has no right of his own on this folder")
    kept.update({each.owner_id: each for each in _grants(client, rights)})
    return list(kept.values())


def _show(found: Folder, *, as_json: bool) -> None:
    if as_json:
        document(found.raw)
        return
    facts(
        [
            ("id", found.id),
            ("path", found.path),
            ("created", instant(found.created_at)),
            *[("grant", f"{each.owner_id}={each.right}") for each in found.grants],
        ]
    )
