"""`keystead owner`: users and applications."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import All, Limit, Listing, PageToken, connect
from keystead.cli.failures import Misuse
from keystead.cli.names import owner_id
from keystead.cli.output import Json, document, facts, instant
from keystead_client import UNSET, owners
from keystead_client.records import Owner

__all__ = ["app"]

app = typer.Typer(help="Make, show and change users and applications.")

OwnerName = Annotated[str, typer.Argument(metavar="OWNER", help="Id, login or name.")]
Roles = Annotated[
    list[str],
    typer.Option(
        "--role",
        metavar="ROLE",
        help="administrator, manager, auditor or user. May be given several times.",
        default_factory=list,
        show_default=False,
    ),
]


@app.command()
def create(  # the fields of an owner
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people call it.")],
    *,
    kind: Annotated[str, typer.Option(metavar="KIND", help="user or application.")],
    login: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="For users: what they log in by.")
    ] = None,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where notices go.")] = None,
    role: Roles,
    managed_by: Annotated[
        str | None, typer.Option(metavar="OWNER", help="For applications: who manages it.")
    ] = None,
    json: Json = False,
) -> None:
    """Create a user or an application."""
    with connect(context) as client:
        made = client.send(
            owners.create(
                kind,
                name,
                login=login,
                email=email,
                roles=inputs.words(role),
                managed_by=None if managed_by is None else owner_id(client, managed_by),
            )
        )
    _show(made, as_json=json)


@app.command("list")
def list_(
    context: typer.Context,
    *,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="user or application.")] = None,
    query: Annotated[str | None, typer.Option(metavar="TEXT", help="Text in the name.")] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the owners that you may see."""
    with connect(context) as client:
        Listing(limit, page_token, everything, json).show(
            client,
            owners.find(kind=kind, q=query),
            ("ID", "KIND", "NAME", "LOGIN", "STATE", "ROLES"),
            lambda each: (
                each.id,
                each.kind,
                each.name,
                each.login or "",
                each.state,
                ", ".join(each.roles),
            ),
        )


@app.command()
def show(context: typer.Context, owner: OwnerName, *, json: Json = False) -> None:
    """Show a user or an application."""
    with connect(context) as client:
        found = client.send(owners.get(owner_id(client, owner)))
    _show(found, as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of an owner that can change
    context: typer.Context,
    owner: OwnerName,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.")] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where notices go; empty: nowhere.")
    ] = None,
    role: Roles,
    no_roles: Annotated[bool, typer.Option("--no-roles", help="Take all roles away.")] = False,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="STATE", help="active or disabled; disabled refuses every credential."
        ),
    ] = None,
    managed_by: Annotated[
        str | None, typer.Option(metavar="OWNER", help="For applications: who manages it.")
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Roles are replaced whole.
    """
    if role and no_roles:
        raise Misuse("--role and --no-roles exclude each other")
    inputs.require_change(name, email, role, no_roles, state, managed_by)
    with connect(context) as client:
        changed = client.send(
            owners.edit(
                owner_id(client, owner),
                name=UNSET if name is None else name,
                email=UNSET if email is None else email,
                roles=inputs.words(role) if role or no_roles else UNSET,
                state=UNSET if state is None else state,
                managed_by=UNSET if managed_by is None else owner_id(client, managed_by),
            )
        )
    _show(changed, as_json=json)


def _show(found: Owner, *, as_json: bool) -> None:
    if as_json:
        document(found.raw)
        return
    facts(
        [
            ("id", found.id),
            ("kind", found.kind),
            ("name", found.name),
            ("login", found.login or ""),
            ("email", found.email),
            ("state", found.state),
            ("roles", ", ".join(found.roles)),
            ("managed by", found.managed_by or ""),
            ("created", instant(found.created_at)),
        ]
    )
