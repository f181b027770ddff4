"""`keystead whoami`: the caller as the server sees him."""

from __future__ import annotations

import typer

from keystead.cli.connection import connect
from keystead.cli.output import Json, document, facts, instant
from keystead_client import credentials

__all__ = ["whoami"]


def whoami(context: typer.Context, *, json: Json = False) -> None:
    """Show whose token this is.

    Also what it may do, until when, and from which address the server sees you.
    """
    with connect(context) as client:
        found = client.send(credentials.whoami())
    if json:
        document(found.raw)
        return
    facts(
        [
            ("owner", f"{found.owner.name} ({found.owner.kind} {found.owner.id})"),
            ("credential", f"{found.credential.name} ({found.credential.id})"),
            ("may", ", ".join(found.scopes)),
            ("expires", instant(found.expires_at)),
            ("address", found.address),
        ]
    )
