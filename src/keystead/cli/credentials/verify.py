"""`keystead verify`: whether a credential is good for an API, as the API itself would ask."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.failures import Exit, Misuse
from keystead.cli.options import Json, option, several
from keystead.cli.output import by_resource, instant, show_one

__all__ = ["verify"]


def verify(
    context: typer.Context,
    *,
    audience: Annotated[
        str | None, option("API", "The API's identifier; needed if you verify for several.")
    ] = None,
    scope: Annotated[
        list[str],
        several("SCOPE", "What it must hold; one may be 'a:read AND (b:write OR c:*)'."),
    ],
    client_ip: Annotated[
        str | None, option("ADDRESS", "Where its client comes from; needs tokens:assert-ip.")
    ] = None,
    json: Json = False,
) -> None:
    """Say whether the credential on standard input is good; exit 0 if it is, else 3.

    It is read from there and not from the command line, which every process on this machine can see.
    """
    from keystead.cli.changes import given
    from keystead_client import UNSET, Secret, verification

    token = Secret(_token())
    scopes = scope[0] if len(scope) == 1 else scope or UNSET
    verdict = connect(context).send(
        verification.verify(
            token, audience=given(audience), scopes=scopes, client_ip=given(client_ip)
        )
    )
    credential, owner = verdict.credential, verdict.owner
    show_one(
        verdict,
        ("code", verdict.code),
        ("credential", "" if credential is None else f"{credential.id} {credential.name}"),
        ("kind", "" if credential is None else credential.kind),
        ("owner", "" if owner is None else f"{owner.id} {owner.name}"),
        ("expires", instant(verdict.expires_at) if verdict.active else ""),
        *[("scopes", line) for line in by_resource(verdict.scopes)],
        as_json=json,
    )
    if not verdict.active:
        raise typer.Exit(Exit.REFUSED)


def _token() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Credential", hide_input=True, err=True))
    text = sys.stdin.readline().strip()
    if not text:
        raise Misuse("give the credential on standard input")
    return text
