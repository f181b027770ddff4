"""`keystead summary`: how many credentials there are, and which need somebody soon."""

from __future__ import annotations

from typing import Final

import typer

from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import CLIENT, KEY, TOKEN
from keystead.cli.options import Json
from keystead.cli.output import document, table

__all__ = ["summary"]

_WORDS: Final = {noun.kind: f"{noun.word}s" for noun in (TOKEN, KEY, CLIENT)}


def summary(context: typer.Context, *, json: Json = False) -> None:
    """Count the tokens, keys and clients that you may see.

    Live ones are accepted now; those that end within 30 days and those that never do are among them.
    """
    from keystead_client import credentials

    found = connect(context).send(credentials.summary())
    if json:
        document(found.raw)
        return
    rows = [
        (
            _WORDS.get(each.kind, each.kind),
            *map(str, (each.live, each.expiring, each.never_expires, each.expired)),
        )
        for each in found.items
    ]
    table(("KIND", "LIVE", "EXPIRING", "NEVER EXPIRE", "EXPIRED"), rows)
