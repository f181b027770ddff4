"""`keystead client`: OAuth clients, which prove themselves by secrets or by keys of their own."""

from __future__ import annotations

import typer

from keystead.cli.connection import connect
from keystead.cli.credentials.lifecycle import add_lifecycle
from keystead.cli.credentials.making import add_making
from keystead.cli.credentials.nouns import CLIENT
from keystead.cli.credentials.options import used
from keystead.cli.credentials.reading import add_reading
from keystead.cli.credentials.usage import add_usage
from keystead.cli.names import credential_id
from keystead.cli.options import Json
from keystead.cli.output import document, table
from keystead_client import credentials

__all__ = ["app"]

app = typer.Typer()
add_making(
    app,
    CLIENT,
    help_=(
        "Create an OAuth client.\n\n"
        "Its secret is printed alone on standard output, this once; only a digest of it is kept. The note "
        "beside it holds its id. With --public-keys it has no secret, and its id is printed instead."
    ),
)
add_reading(app, CLIENT)
add_usage(app, CLIENT)
add_lifecycle(
    app,
    CLIENT,
    rotating=(
        "Give a client a new secret, or other public keys; its id stays.\n\n"
        "The secret is printed alone on standard output, this once. With --public-keys these take the place "
        "of what it has, and its id is printed instead."
    ),
)


@app.command()
def keys(context: typer.Context, named: str = CLIENT.named, *, json: Json = False) -> None:
    """Show the public keys that a client has registered.

    With --json they come in the form that --public-keys takes.
    """
    client = connect(context)
    found = client.send(credentials.get(credential_id(client, CLIENT, named)))
    if json:
        document(found.public_jwks or {"keys": []})
        return
    rows = [(key.kid, key.alg, used(key.last_used)) for key in found.keys]
    table(("KID", "ALGORITHM", "LAST USED"), rows)
