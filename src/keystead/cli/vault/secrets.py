"""`keystead account set | versions`: new secrets for an account, and which there have been."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli.changes import given
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.fields import Fields, Generate, PasswordStdin, ask, gather, read_sources
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import get_account
from keystead.cli.options import Json
from keystead.cli.output import done, instant
from keystead_client import accounts

__all__ = ["AccountName", "app"]

app = typer.Typer()

AccountName = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="Its path (ops/db/orders) or id.")
]


@app.command("set")
def set_(
    context: typer.Context,
    account: AccountName,
    *,
    field: Fields,
    generate: Generate = False,
    password_stdin: PasswordStdin = False,
    cas: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Only if N is the newest version now.")
    ] = None,
    drop_others: Annotated[
        bool, typer.Option("--drop-others", help="Leave out fields that are not named here.")
    ] = False,
    json: Json = False,
) -> None:
    """Give an account a new secret.

    It is a new version that holds exactly the fields given here.
    Without --field, --generate or --password-stdin the password is asked for on the terminal.
    """
    sources = read_sources(field, generate=generate, password_stdin=password_stdin)
    client = connect(context)
    found = get_account(client, account)
    lost = set(found.field_names) - {source.field for source in sources}
    if lost and not drop_others:
        names = ", ".join(sorted(lost))
        raise Misuse(f"the new version would lack {names}: give it too, or say --drop-others")
    written = client.send(accounts.write(found.id, gather(sources, prompt=ask), cas=given(cas)))
    sentence = f"{written.account_id} ({found.path}) has version {written.version}"
    done(written.raw, sentence, as_json=json)


@app.command()
def versions(
    context: typer.Context,
    account: AccountName,
    *,
    limit: Limit = 50,
    page_token: PageToken = None,
    everything: All = False,
    json: Json = False,
) -> None:
    """List an account's versions, newest first."""
    client = connect(context)
    Listing(limit, page_token, everything, json).show(
        client,
        accounts.versions(get_account(client, account).id),
        ("VERSION", "CREATED", "BY", "FIELDS"),
        lambda each: (
            str(each.n),
            instant(each.created_at),
            each.created_by,
            ", ".join(each.field_names),
        ),
    )
