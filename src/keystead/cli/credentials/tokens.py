"""`keystead token`: API tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.credentials.lifecycle import add_lifecycle
from keystead.cli.credentials.making import add_making
from keystead.cli.credentials.nouns import TOKEN
from keystead.cli.credentials.reading import add_reading
from keystead.cli.credentials.usage import add_usage
from keystead.cli.files import read_objects
from keystead.cli.options import Json
from keystead.cli.output import document, instant, table
from keystead_client import imports

__all__ = ["app"]

app = typer.Typer()
add_making(
    app,
    TOKEN,
    help_=(
        "Create a token.\n\n"
        "It is printed alone on standard output, this once; only a digest of it is kept. "
        "TOKEN=$(keystead token create ...) holds it."
    ),
)
add_reading(app, TOKEN)
add_usage(app, TOKEN)
add_lifecycle(
    app,
    TOKEN,
    rotating=("Give a token a new secret.\n\nIt is printed alone on standard output, this once."),
)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="JSON objects, one a line or in one array; - is standard input."
        ),
    ],
    *,
    json: Json = False,
) -> None:
    """Take over tokens of another system, 40 hex digits each, by their SHA-256.

    Each object has sha256, name, expires_in or expires_at, and scopes, levels or access; and may have
    owner_id, networks, description and metadata. All of up to 500 are imported, or none.
    """
    items = read_objects(file)
    made = connect(context).send(imports.legacy_tokens(items))
    if json:
        document(made.raw)
        return
    table(
        ("ID", "NAME", "OWNER", "EXPIRES"),
        [(each.id, each.name, each.owner.name, instant(each.expires_at)) for each in made.items],
    )
