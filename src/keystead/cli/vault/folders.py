"""`keystead folder`: where accounts live and rights are granted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.changes import given, require_change
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import get_folder, get_group, owner_id
from keystead.cli.options import Json, NewName, Query, Yes, confirm_for_good, option, several
from keystead.cli.output import done, instant, show_one
from keystead_client import UNSET, Client, folders
from keystead_client.records import Folder, Grant

__all__ = ["app"]

app = typer.Typer()

FolderName = Annotated[str, typer.Argument(metavar="FOLDER", help="Its path (ops/db) or id.")]
Grants = Annotated[
    list[str],
    several("OWNER=RIGHT", "A right for an owner (id, login or name): viewer, user or manager."),
]
GroupGrants = Annotated[
    list[str], several("GROUP=RIGHT", "A right for everybody in a group (id or name).")
]
Withdrawn = Annotated[list[str], several("OWNER", "Take away an owner's right.")]
GroupsWithdrawn = Annotated[list[str], several("GROUP", "Take away a group's right.")]


@app.command()
def create(
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Where: ops, or ops/db below the folder ops.")
    ],
    *,
    grant: Grants,
    grant_group: GroupGrants,
    json: Json = False,
) -> None:
    """Create a folder; you become its manager."""
    above, name = inputs.split_path(path)
    rights = inputs.pairs(grant, "--grant", "OWNER=RIGHT")
    group_rights = inputs.pairs(grant_group, "--grant-group", "GROUP=RIGHT")
    client = connect(context)
    parent_id = get_folder(client, above).id if above else UNSET
    grants = _grants(client, rights, group_rights)
    made = client.send(folders.create(name, parent_id=parent_id, grants=grants or UNSET))
    _show(made, as_json=json)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    parent: Annotated[str | None, option("FOLDER", "Only those in this folder.")] = None,
    query: Query = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the folders that you may see."""
    client = connect(context)
    parent_id = None if parent is None else get_folder(client, parent).id
    Listing(limit, page_token, everything, json).show(
        client,
        folders.find(parent_id=parent_id, q=query),
        ("ID", "PATH", "CREATED"),
        lambda each: (each.id, each.path, instant(each.created_at)),
    )


@app.command()
def show(context: typer.Context, folder: FolderName, *, json: Json = False) -> None:
    """Show a folder and the rights granted on it."""
    _show(get_folder(connect(context), folder), as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of a folder, and its grants
    context: typer.Context,
    folder: FolderName,
    *,
    name: NewName = None,
    move_to: Annotated[str | None, option("FOLDER", "Another place; / is the top.")] = None,
    grant: Grants,
    withdraw: Withdrawn,
    grant_group: GroupGrants,
    withdraw_group: GroupsWithdrawn,
    json: Json = False,
) -> None:
    """Rename or move a folder, grant a right on it or take one away."""
    require_change(context)
    rights = inputs.pairs(grant, "--grant", "OWNER=RIGHT")
    group_rights = inputs.pairs(grant_group, "--grant-group", "GROUP=RIGHT")
    client = connect(context)
    found = get_folder(client, folder)
    grants = _by_grantee(found.grants)
    _withdraw(client, grants, withdraw, withdraw_group)
    grants |= _by_grantee(_grants(client, rights, group_rights))
    changed = client.send(
        folders.edit(
            found.id,
            name=given(name),
            parent_id=UNSET if move_to is None else _place(client, move_to),
            grants=grants.values() if grants != _by_grantee(found.grants) else UNSET,
        )
    )
    _show(changed, as_json=json)


@app.command()
def delete(
    context: typer.Context, folder: FolderName, *, yes: Yes = False, json: Json = False
) -> None:
    """Delete an empty folder."""
    confirm_for_good(f"Delete the folder {folder}", yes=yes)
    client = connect(context)
    found = get_folder(client, folder)
    client.send(folders.delete(found.id))
    done({"deleted": found.id}, f"deleted {found.id} ({found.path})", as_json=json)


def _place(client: Client, text: str) -> str | None:
    return None if text == "/" else get_folder(client, text).id


def _grants(client: Client, rights: dict[str, str], of_groups: dict[str, str]) -> list[Grant]:
    return [
        *[Grant(owner_id(client, owner), right) for owner, right in rights.items()],
        *[
            Grant(None, right, group_id=get_group(client, group).id)
            for group, right in of_groups.items()
        ],
    ]


def _withdraw(client: Client, kept: dict[str, Grant], owners: list[str], groups: list[str]) -> None:
    for owner in owners:
        if kept.pop(owner_id(client, owner), None) is None:
            raise Misuse(f"--withdraw: {owner} has no right of his own on this folder")
    for group in groups:
        if kept.pop(get_group(client, group).id, None) is None:
            raise Misuse(f"--withdraw-group: {group} has no right on this folder")


def _by_grantee(grants: Iterable[Grant]) -> dict[str, Grant]:
    return {each.owner_id or each.group_id or "": each for each in grants}


def _show(found: Folder, *, as_json: bool) -> None:
    show_one(
        found,
        ("id", found.id),
        ("path", found.path),
        ("created", instant(found.created_at)),
        *[("grant", f"{who}={each.right}") for who, each in _by_grantee(found.grants).items()],
        as_json=as_json,
    )
