"""`keystead group`: owners who are given rights together."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli.changes import given, require_change
from keystead.cli.connection import connect
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import get_group, owner_id
from keystead.cli.options import Json, NewName, Query, Yes, confirm_for_good, option, several
from keystead.cli.output import done, instant, show_one
from keystead_client import UNSET, Client, groups
from keystead_client.records import Group

__all__ = ["app"]

app = typer.Typer()

GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="Id or name.")]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people call it.")],
    *,
    member: Annotated[list[str], several("OWNER", "Who is in it: id, login or name.")],
    json: Json = False,
) -> None:
    """Create a group."""
    client = connect(context)
    _show(client.send(groups.create(name, _ids(client, member) or UNSET)), as_json=json)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    member: Annotated[str | None, option("OWNER", "Only those that this owner is in.")] = None,
    query: Query = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the groups that you may see."""
    client = connect(context)
    member_id = None if member is None else owner_id(client, member)
    Listing(limit, page_token, everything, json).show(
        client,
        groups.find(member_id=member_id, q=query),
        ("ID", "NAME", "MEMBERS"),
        lambda each: (each.id, each.name, str(len(each.members))),
    )


@app.command()
def show(context: typer.Context, group: GroupName, *, json: Json = False) -> None:
    """Show a group and who is in it."""
    _show(get_group(connect(context), group), as_json=json)


@app.command()
def edit(
    context: typer.Context,
    group: GroupName,
    *,
    name: NewName = None,
    add_member: Annotated[list[str], several("OWNER", "Who comes: id, login or name.")],
    remove_member: Annotated[list[str], several("OWNER", "Who leaves.")],
    json: Json = False,
) -> None:
    """Rename a group, or change who is in it."""
    require_change(context)
    client = connect(context)
    change = groups.edit(
        get_group(client, group).id,
        name=given(name),
        add_members=_ids(client, add_member) or UNSET,
        remove_members=_ids(client, remove_member) or UNSET,
    )
    _show(client.send(change), as_json=json)


@app.command()
def delete(
    context: typer.Context, group: GroupName, *, yes: Yes = False, json: Json = False
) -> None:
    """Delete a group; what was granted to it is granted to nobody."""
    confirm_for_good(f"Delete the group {group}", yes=yes)
    client = connect(context)
    found = get_group(client, group)
    client.send(groups.delete(found.id))
    done({"deleted": found.id}, f"deleted {found.id} ({found.name})", as_json=json)


def _ids(client: Client, owners: list[str]) -> list[str]:
    return [owner_id(client, owner) for owner in owners]


def _show(found: Group, *, as_json: bool) -> None:
    show_one(
        found,
        ("id", found.id),
        ("name", found.name),
        ("created", instant(found.created_at)),
        *[("member", member) for member in found.members],
        as_json=as_json,
    )
