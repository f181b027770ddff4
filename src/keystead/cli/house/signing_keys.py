"""`keystead signing-key`: the keys that sign access tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.listing import show_page
from keystead.cli.options import Json
from keystead.cli.output import instant, show_one
from keystead_client import signing_keys

__all__ = ["app"]

app = typer.Typer()

Algorithm = Annotated[str, typer.Argument(metavar="ALGORITHM", help="ES256, EdDSA or RS256.")]


@app.command("list")
def list_(context: typer.Context, *, json: Json = False) -> None:
    """List the keys that sign access tokens, and those that did."""
    show_page(
        connect(context).send(signing_keys.find()),
        ("KID", "ALGORITHM", "STATE", "SIGNS FROM", "ENDS"),
        lambda each: (
            each.kid,
            each.algorithm,
            each.state,
            instant(each.signs_from),
            instant(each.ends_at, ""),
        ),
        as_json=json,
    )


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
