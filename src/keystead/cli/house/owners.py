"""`keystead owner`: users and applications."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from keystead.cli import inputs
from keystead.cli.changes import given, replacement, require_change
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.house.passwords import Password, hand_out, password_from
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import owner_id
from keystead.cli.options import Json, NewName, Query, option, several
from keystead.cli.output import document, instant, show_one, table
from keystead_client import UNSET, owners
from keystead_client.records import Owner

__all__ = ["app"]

app = typer.Typer()

KIND: Final = option("KIND", "user or application.")
OwnerName = Annotated[str, typer.Argument(metavar="OWNER", help="Id, login or name.")]
Manager = Annotated[str | None, option("OWNER", "For applications: who manages it.")]
ExternalId = Annotated[
    str | None, option("ID", "For applications: what it is called elsewhere, unique.")
]
Metadata = Annotated[list[str], several("NAME=VALUE", "For applications: a text to keep with it.")]
Roles = Annotated[
    list[str],
    several("ROLE", "administrator, manager, auditor or user. May be given several times."),
]


@app.command()
def create(  # noqa: PLR0913  # the fields of an owner
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people call it.")],
    *,
    kind: Annotated[str, KIND],
    login: Annotated[str | None, option("LOGIN", "For users: what they log in by.")] = None,
    email: Annotated[str | None, option("ADDRESS", "Where notices go.")] = None,
    role: Roles,
    managed_by: Manager = None,
    external_id: ExternalId = None,
    metadata: Metadata,
    password: Password = None,
    json: Json = False,
) -> None:
    """Create a user or an application.

    A password that is set here is the user's to change.
    """
    texts = replacement(metadata, inputs.metadata)
    typed = password_from(password)
    roles = replacement(role, inputs.words)
    if typed == "generate":
        _require_user(kind != "user", managed_by, external_id, metadata)
        made = owners.create_with_generated_password(
            name, login=given(login), email=given(email), roles=roles
        )
        hand_out(connect(context).send(made), as_json=json)
        return
    client = connect(context)
    wish = owners.create(
        kind,
        name,
        login=given(login),
        email=given(email),
        roles=roles,
        managed_by=UNSET if managed_by is None else owner_id(client, managed_by),
        external_id=given(external_id),
        metadata=texts,
        password=given(typed),
    )
    _show(client.send(wish), as_json=json)


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    kind: Annotated[str | None, KIND] = None,
    role: Annotated[str | None, option("ROLE", "Only those who have it.")] = None,
    state: Annotated[str | None, option("STATE", "active or disabled.")] = None,
    external_id: Annotated[str | None, option("ID", "The application called so elsewhere.")] = None,
    query: Query = None,
    sort: Annotated[str | None, option("FIELD", "name or created_at; -name: backwards.")] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the owners that you may see."""
    client = connect(context)
    Listing(limit, page_token, everything, json).show(
        client,
        owners.find(kind=kind, role=role, state=state, external_id=external_id, q=query, sort=sort),
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
    client = connect(context)
    _show(client.send(owners.get(owner_id(client, owner))), as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of an owner that can change
    context: typer.Context,
    owner: OwnerName,
    *,
    name: NewName = None,
    email: Annotated[str | None, option("ADDRESS", "Where notices go.")] = None,
    no_email: Annotated[bool, typer.Option("--no-email", help="Send no notices.")] = False,
    role: Roles,
    no_roles: Annotated[bool, typer.Option("--no-roles", help="Take all roles away.")] = False,
    state: Annotated[
        str | None, option("STATE", "active or disabled; disabled refuses every credential.")
    ] = None,
    managed_by: Manager = None,
    external_id: ExternalId = None,
    no_external_id: Annotated[
        bool, typer.Option("--no-external-id", help="Take the external id away.")
    ] = False,
    metadata: Metadata,
    no_metadata: Annotated[
        bool, typer.Option("--no-metadata", help="Take all texts away.")
    ] = False,
    password: Password = None,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Roles and texts are replaced whole. A password that is set here is the user's to change.
    """
    require_change(context)
    roles = replacement(role, inputs.words, empty=no_roles, options="--role and --no-roles")
    texts = replacement(
        metadata, inputs.metadata, empty=no_metadata, options="--metadata and --no-metadata"
    )
    if email is not None and no_email:
        raise Misuse("--email and --no-email exclude each other")
    if external_id is not None and no_external_id:
        raise Misuse("--external-id and --no-external-id exclude each other")
    typed = password_from(password)
    if typed == "generate":
        _require_user(managed_by, external_id, no_external_id, metadata, no_metadata)
    client = connect(context)
    found = owner_id(client, owner)
    if typed == "generate":
        made = owners.edit_with_generated_password(
            found,
            name=given(name),
            email="" if no_email else given(email),
            roles=roles,
            state=given(state),
        )
        hand_out(client.send(made), as_json=json)
        return
    change = owners.edit(
        found,
        name=given(name),
        email="" if no_email else given(email),
        roles=roles,
        state=given(state),
        managed_by=UNSET if managed_by is None else owner_id(client, managed_by),
        external_id=None if no_external_id else given(external_id),
        metadata=texts,
        password=given(typed),
    )
    _show(client.send(change), as_json=json)


@app.command()
def roles(context: typer.Context, *, json: Json = False) -> None:
    """List the roles; with --json also all that they and the rights on folders allow."""
    found = connect(context).send(owners.roles())
    if json:
        document(found.raw)
    else:
        table(("ROLE", "WHAT IT IS"), [(each.name, each.description) for each in found.items])


def _require_user(*of_applications: object) -> None:
    if any(of_applications):
        raise Misuse(
            "--password is for users; --managed-by, --external-id and --metadata are for applications"
        )


def _show(found: Owner, *, as_json: bool) -> None:
    show_one(
        found,
        ("id", found.id),
        ("kind", found.kind),
        ("name", found.name),
        ("login", found.login or ""),
        ("email", found.email),
        ("state", found.state),
        ("roles", ", ".join(found.roles)),
        ("managed by", found.managed_by or ""),
        ("external id", found.external_id or ""),
        *[("metadata", f"{key}={text}") for key, text in found.metadata.items()],
        ("password", _password(found)),
        ("created", instant(found.created_at)),
        as_json=as_json,
    )


def _password(found: Owner) -> str:
    if found.password_changed_at is None:
        return ""
    whose = ", to be changed" if found.must_change else ""
    return f"set {instant(found.password_changed_at)}{whose}"
