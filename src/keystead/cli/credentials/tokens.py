"""`keystead token`: API tokens."""

from __future__ import annotations

import typer

from keystead.cli.credentials.lifecycle import add_lifecycle
from keystead.cli.credentials.making import add_making
from keystead.cli.credentials.nouns import TOKEN
from keystead.cli.credentials.reading import add_reading

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
add_lifecycle(
    app,
    TOKEN,
    rotating=("Give a token a new secret.\n\nIt is printed alone on standard output, this once."),
)
