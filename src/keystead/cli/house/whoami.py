"""`keystead whoami`: the caller as the server sees him."""

from __future__ import annotations

import typer

from keystead.cli.connection import connect
from keystead.cli.options import Json
from keystead.cli.output import by_resource, instant, show_one

__all__ = ["whoami"]


def whoami(context: typer.Context, *, json: Json = False) -> None:
    """Show whose token this is.

    Also what it may do, until when, and from which address the server sees you.
    """
    from keystead_client import credentials

    found = connect(context).send(credentials.whoami())
    show_one(
        found,
        ("owner", f"{found.owner.name} ({found.owner.kind} {found.owner.id})"),
        ("credential", f"{found.credential.name} ({found.credential.id})"),
        *[("may", line) for line in by_resource(found.scopes)],
        ("expires", instant(found.expires_at)),
        ("address", found.address),
        as_json=json,
    )
