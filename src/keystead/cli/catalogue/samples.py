"""`keystead api sample`: catalogues that come with Keystead; no server is asked."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from keystead.cli.catalogue.documents import read_document
from keystead.cli.options import Json
from keystead.cli.output import document, table
from keystead.policy.samples.reading import SAMPLES, read_sample

__all__ = ["app"]

app = typer.Typer()


@app.command("list")
def list_(*, json: Json = False) -> None:
    """List the samples."""
    found = [(name, str(read_document(None, name).get("description", ""))) for name in SAMPLES]
    if json:
        document({"items": [{"name": name, "description": words} for name, words in found]})
    else:
        table(("NAME", "DESCRIPTION"), found)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="SAMPLE", help="Its name.")], *, json: Json = False
) -> None:
    """Print a sample as a file for --file; change it as you like."""
    found = read_document(None, name)
    if json:
        document(found)
    else:
        sys.stdout.write(read_sample(name).decode())
