"""`keystead account`: vault entries. Their values are in `secrets` and `get`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from keystead.cli import inputs
from keystead.cli.changes import given, replacement, require_change
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.fields import Fields, Generate, PasswordStdin, ask, gather, read_sources
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import get_account, get_folder
from keystead.cli.options import Json, NewName, Yes, confirm_for_good, option, several
from keystead.cli.output import done, instant, show_one
from keystead.cli.vault import secrets
from keystead.cli.vault.secrets import AccountName
from keystead_client import UNSET, accounts
from keystead_client.records import Account

__all__ = ["app"]

app = typer.Typer()
app.add_typer(secrets.app)

NOTES: Final = option("TEXT", "Free text; not sealed.")
TARGET: Final = option("TEXT", "What it opens.")
TYPE: Final = option("WORD", "A word for grouping.", "--type")
USERNAME: Final = option("NAME", "Whom the password belongs to.")
Tags = Annotated[list[str], several("WORD", "A word to find it by.")]


@app.command()
def create(  # noqa: PLR0913  # the fields of an account
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Folder and name, such as ops/db/orders.")
    ],
    *,
    username: Annotated[str | None, USERNAME] = None,
    target: Annotated[str | None, TARGET] = None,
    type_: Annotated[str | None, TYPE] = None,
    tag: Tags,
    notes: Annotated[str | None, NOTES] = None,
    field: Fields,
    generate: Generate = False,
    password_stdin: PasswordStdin = False,
    json: Json = False,
) -> None:
    """Create an account with its first secret.

    Without --field, --generate or --password-stdin the password is asked for on the terminal.
    """
    above, name = inputs.split_path(path)
    if not above:
        raise Misuse("an account lies in a folder: FOLDER/NAME")
    sources = read_sources(field, generate=generate, password_stdin=password_stdin)
    client = connect(context)
    values = gather(sources, prompt=ask)
    folder = get_folder(client, above)
    made = client.send(
        accounts.create(
            folder.id,
            name,
            values,
            username=given(username),
            target=given(target),
            type_=given(type_),
            tags=replacement(tag, inputs.words),
            notes=given(notes),
        )
    )
    _show(made, as_json=json)


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    folder: Annotated[str | None, option("FOLDER", "Only those in this folder.")] = None,
    query: Annotated[
        str | None, option("TEXT", "Text in a name, user name, target, tag or note.")
    ] = None,
    tag: Annotated[str | None, option("WORD", "Only those with this tag.")] = None,
    type_: Annotated[str | None, option("WORD", "Only those of this type.", "--type")] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the accounts that you may see."""
    client = connect(context)
    folder_id = None if folder is None else get_folder(client, folder).id
    Listing(limit, page_token, everything, json).show(
        client,
        accounts.find(folder_id=folder_id, q=query, tag=tag, type_=type_),
        ("ID", "PATH", "USERNAME", "TARGET", "VERSION"),
        lambda each: (each.id, each.path, each.username, each.target, str(each.version)),
    )


@app.command()
def show(context: typer.Context, account: AccountName, *, json: Json = False) -> None:
    """Show an account's facts.

    Its values are not among them.
    """
    _show(get_account(connect(context), account), as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of an account that can change
    context: typer.Context,
    account: AccountName,
    *,
    name: NewName = None,
    move_to: Annotated[str | None, option("FOLDER", "Another folder: path or id.")] = None,
    username: Annotated[str | None, USERNAME] = None,
    target: Annotated[str | None, TARGET] = None,
    type_: Annotated[str | None, TYPE] = None,
    tag: Tags,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Drop all tags.")] = False,
    notes: Annotated[str | None, NOTES] = None,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Tags are replaced whole.
    """
    require_change(context)
    tags = replacement(tag, inputs.words, empty=no_tags, options="--tag and --no-tags")
    client = connect(context)
    changed = client.send(
        accounts.edit(
            get_account(client, account).id,
            folder_id=UNSET if move_to is None else get_folder(client, move_to).id,
            name=given(name),
            username=given(username),
            target=given(target),
            type_=given(type_),
            tags=tags,
            notes=given(notes),
        )
    )
    _show(changed, as_json=json)


@app.command()
def delete(
    context: typer.Context, account: AccountName, *, yes: Yes = False, json: Json = False
) -> None:
    """Delete an account with all its versions."""
    confirm_for_good(f"Delete the account {account}", yes=yes)
    client = connect(context)
    found = get_account(client, account)
    client.send(accounts.delete(found.id))
    done({"deleted": found.id}, f"deleted {found.id} ({found.path})", as_json=json)


def _show(found: Account, *, as_json: bool) -> None:
    show_one(
        found,
        ("id", found.id),
        ("path", found.path),
        ("username", found.username),
        ("target", found.target),
        ("type", found.type),
        ("tags", ", ".join(found.tags)),
        ("notes", found.notes),
        ("version", str(found.version)),
        ("fields", ", ".join(found.field_names)),
        ("created", instant(found.created_at)),
        as_json=as_json,
    )
