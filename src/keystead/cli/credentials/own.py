"""`keystead self`: what the credential that a command uses, of any kind, and its owner do to themselves."""

from __future__ import annotations

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.options import EndAccessTokens, Overlap, UntilFirstUse, hand_out
from keystead.cli.house.passwords import own_password
from keystead.cli.options import Json, Quiet, Yes, confirm_for_good
from keystead.cli.output import done
from keystead_client import UNSET, credentials

__all__ = ["app"]

app = typer.Typer()


@app.command()
def rotate(
    context: typer.Context,
    *,
    overlap: Overlap = None,
    until_first_use: UntilFirstUse = False,
    end_access_tokens: EndAccessTokens = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Give the credential in use a new secret; its end stays.

    The secret is printed alone on standard output, this once.
    """
    call = credentials.rotate_self(
        overlap_seconds=UNSET if overlap is None else inputs.seconds(overlap, "--overlap"),
        revoke_after_first_use=until_first_use or UNSET,
        end_access_tokens=end_access_tokens or UNSET,
    )
    hand_out(connect(context).send(call), "rotated", quiet=quiet, as_json=json)


@app.command()
def revoke(context: typer.Context, *, yes: Yes = False, json: Json = False) -> None:
    """Refuse the credential in use from now on, for ever; its record stays."""
    client = connect(context)
    found = client.send(credentials.whoami()).credential
    confirm_for_good(f"Revoke {found.name} ({found.id}), which this command uses", yes=yes)
    client.send(credentials.revoke_self())
    done({"revoked": found.id}, f"revoked {found.id} ({found.name})", as_json=json)


app.command("password")(own_password)
