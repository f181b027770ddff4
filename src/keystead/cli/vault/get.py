"""`keystead get`: a value, for a script or a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.failures import Exit, Misuse
from keystead.cli.inputs import tidy_path
from keystead.cli.options import Json, option
from keystead.cli.output import document, exact, secret
from keystead.core.ids import is_id

if TYPE_CHECKING:
    from keystead_client.records import SecretValue

__all__ = ["get"]


def get(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="PATH", help="Path (ops/db/orders) or id.")],
    *,
    field: Annotated[str | None, option("NAME", "Which field. [default: password]")] = None,
    version: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Which version. [default: the newest]")
    ] = None,
    no_newline: Annotated[
        bool, typer.Option("--no-newline", "-n", help="Print no newline after the value.")
    ] = False,
    json: Json = False,
) -> None:
    """Print one value of an account.

    It stands alone on standard output: PASSWORD=$(keystead get ops/db/orders) holds it.
    With --json the whole account is printed, or with --field that field of it.
    """
    from keystead_client import accounts

    wanted = field if json else field or "password"
    if is_id("acct", account):
        call = accounts.fetch(account, version=version, field=wanted)
    else:
        call = accounts.fetch_by_path(tidy_path(account), version=version, field=wanted)
    found = connect(context).send(call)
    if wanted is not None and wanted not in found.fields:
        sentence = f"the account has no field '{wanted}'"
        raise Misuse(sentence, exit_code=Exit.NOT_FOUND, code="not_found")
    if wanted is None or json:
        document(_whole(found))
    else:
        secret(found.fields[wanted].reveal(), newline=not no_newline)


def _whole(found: SecretValue) -> dict[str, object]:
    return {
        "account_id": found.account_id,
        "version": found.version,
        "username": found.username,
        "fields": {name: value.reveal() for name, value in found.fields.items()},
        "created_at": exact(found.created_at),
    }
