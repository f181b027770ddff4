"""`keystead signing-key`: the keys that sign access tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.options import Json
from keystead.cli.output import document, instant, show_one, table
from keystead_client import signing_keys

__all__ = ["app"]

app = typer.Typer()

Algorithm = Annotated[str, typer.Argument(metavar="ALGORITHM", help="ES256, EdDSA or RS256.")]


@app.command("list")
def list_(context: typer.Context, *, json: Json = False) -> None:
    """List the keys that sign access tokens, and those that did."""
    found = connect(context).send(signing_keys.find())
    if json:
        document({"items": [each.raw for each in found.items], "next_page_token": None})
        return
    rows = [
        (each.kid, each.algorithm, each.state, instant(each.signs_from), instant(each.ends_at, ""))
        for each in found.items
    ]
    table(("KID", "ALGORITHM", "STATE", "SIGNS FROM", "ENDS"), rows)


@app.command()
def rotate(context: typer.Context, algorithm: Algorithm, *, json: Json = False) -> None:
    """Give an algorithm a new key, which is published before it signs; the old one retires later."""
    made = connect(context).send(signing_keys.rotate(algorithm))
    show_one(
        made,
        ("kid", made.kid),
        ("algorithm", made.algorithm),
        ("state", made.state),
        ("signs from", instant(made.signs_from)),
        as_json=json,
    )
