"""`keystead key`: API keys, each an id and a secret."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.lifecycle import add_lifecycle
from keystead.cli.credentials.making import add_making
from keystead.cli.credentials.nouns import KEY
from keystead.cli.credentials.options import UntilFirstUse, hand_out
from keystead.cli.credentials.reading import add_reading
from keystead.cli.credentials.usage import add_usage
from keystead.cli.names import credential_id
from keystead.cli.options import Json, Quiet, Yes, confirm, option
from keystead_client import UNSET, credentials

__all__ = ["app"]

app = typer.Typer()
add_making(
    app,
    KEY,
    help_=(
        "Create an API key.\n\n"
        "Its secret is printed alone on standard output, this once; only a digest of it is kept. The note "
        "beside it holds its id. SECRET=$(keystead key create ...) holds the secret."
    ),
)
add_reading(app, KEY)
add_usage(app, KEY)
add_lifecycle(
    app,
    KEY,
    rotating=(
        "Give a key a new secret; its id stays.\n\n"
        "The secret is printed alone on standard output, this once."
    ),
)


@app.command()
def refresh(
    context: typer.Context,
    named: str = KEY.named,
    *,
    overlap: Annotated[
        str | None, option("SPAN", "How long the old id stays good; at most 7d. [default: 0s]")
    ] = None,
    until_first_use: UntilFirstUse = False,
    yes: Yes = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Give a key a new id and a new secret.

    The old ones, and access tokens that they were given, end at once, or after an overlap. The secret is
    printed alone on standard output, this once; the note beside it holds the id.
    """
    seconds = UNSET if overlap is None else inputs.seconds(overlap, "--overlap")
    if not until_first_use and seconds in {UNSET, 0}:
        confirm(f"Refresh the key {named}? Its id and secret end at once.", yes=yes)
    client = connect(context)
    call = credentials.refresh(
        credential_id(client, KEY, named),
        overlap_seconds=seconds,
        revoke_after_first_use=until_first_use or UNSET,
    )
    issued = client.send(call)
    hand_out(issued, "refreshed", quiet=quiet, as_json=json)
