"""`keystead account`: vault entries. Their values are in `account_secrets` and `vault`."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import account_secrets, inputs
from keystead.cli.account_secrets import AccountName
from keystead.cli.connection import All, Limit, Listing, PageToken, Yes, confirm, connect
from keystead.cli.failures import Misuse
from keystead.cli.fields import Fields, Generate, PasswordStdin, ask, gather, sources_or_prompt
from keystead.cli.names import find_account, find_folder, split_path
from keystead.cli.output import Json, document, facts, instant, note
from keystead_client import UNSET, accounts
from keystead_client.records import Account

__all__ = ["app"]

app = typer.Typer(help="Make, show and delete accounts; set their secrets.")
app.add_typer(account_secrets.app)

Tags = Annotated[
    list[str],
    typer.Option(
        "--tag",
        metavar="WORD",
        help="A word to find it by.",
        default_factory=list,
        show_default=False,
    ),
]


@app.command()
def create(  # noqa: PLR0913  # the fields of an account
    context: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="Folder and name, such as ops/db/orders.")
    ],
    *,
    username: Annotated[
        str, typer.Option(metavar="NAME", help="Whom the password belongs to.")
    ] = "",
    target: Annotated[str, typer.Option(metavar="TEXT", help="What it opens.")] = "",
    type_: Annotated[str, typer.Option("--type", metavar="WORD", help="A word for grouping.")] = "",
    tag: Tags,
    notes: Annotated[str, typer.Option(metavar="TEXT", help="Free text; not sealed.")] = "",
    field: Fields,
    generate: Generate = False,
    password_stdin: PasswordStdin = False,
    json: Json = False,
) -> None:
    """Create an account with its first secret.

    Without --field, --generate or --password-stdin the password is asked for on the terminal.
    """
    above, name = split_path(path)
    if not above:
        raise Misuse("an account lies in a folder: FOLDER/NAME")
    sources = sources_or_prompt(field, generate=generate, stdin=password_stdin)
    with connect(context) as client:
        values = gather(sources, prompt=ask)
        folder = find_folder(client, above)
        made = client.send(
            accounts.create(
                folder.id,
                name,
                values,
                username=username,
                target=target,
                type=type_,
                tags=inputs.words(tag),
                notes=notes,
            )
        )
    _show(made, as_json=json)


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    folder: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Only those in this folder.")
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="TEXT", help="Text in the name.")] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only those with this tag.")
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="WORD", help="Only those of this type.")
    ] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List the accounts that you may see."""
    with connect(context) as client:
        folder_id = None if folder is None else find_folder(client, folder).id
        Listing(limit, page_token, everything, json).show(
            client,
            accounts.find(folder_id=folder_id, q=query, tag=tag, type=type_),
            ("ID", "PATH", "USERNAME", "TARGET", "VERSION"),
            lambda each: (each.id, each.path, each.username, each.target, str(each.version)),
        )


@app.command()
def show(context: typer.Context, account: AccountName, *, json: Json = False) -> None:
    """Show an account's facts.

    Its values are not among them.
    """
    with connect(context) as client:
        _show(find_account(client, account), as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # the fields of an account that can change
    context: typer.Context,
    account: AccountName,
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.")] = None,
    move_to: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Another folder: path or id.")
    ] = None,
    username: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whom the password belongs to.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="TEXT", help="What it opens.")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="WORD", help="A word for grouping.")
    ] = None,
    tag: Tags,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Drop all tags.")] = False,
    notes: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Free text; not sealed.")
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given and leave the rest.

    Tags are replaced whole.
    """
    if tag and no_tags:
        raise Misuse("--tag and --no-tags exclude each other")
    inputs.require_change(name, move_to, username, target, type_, tag, no_tags, notes)
    with connect(context) as client:
        found = find_account(client, account)
        changed = client.send(
            accounts.edit(
                found.id,
                folder_id=UNSET if move_to is None else find_folder(client, move_to).id,
                name=UNSET if name is None else name,
                username=UNSET if username is None else username,
                target=UNSET if target is None else target,
                type=UNSET if type_ is None else type_,
                tags=inputs.words(tag) if tag or no_tags else UNSET,
                notes=UNSET if notes is None else notes,
            )
        )
    _show(changed, as_json=json)


@app.command()
def delete(
    context: typer.Context, account: AccountName, *, yes: Yes = False, json: Json = False
) -> None:
    """Delete an account with all its versions."""
    confirm(f"Delete the account {account} with all its versions?", yes=yes)
    with connect(context) as client:
        found = find_account(client, account)
        client.send(accounts.delete(found.id))
    if json:
        document({"deleted": found.id})
    else:
        note(f"deleted {found.id} ({found.path})")


def _show(found: Account, *, as_json: bool) -> None:
    if as_json:
        document(found.raw)
        return
    facts(
        [
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
        ]
    )
