"""`keystead token | key | client usage`."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import Noun
from keystead.cli.listing import All, Limit, Listing, PageToken
from keystead.cli.names import credential_id
from keystead.cli.options import Json, option
from keystead.cli.output import instant
from keystead.core.clock import SystemClock
from keystead_client import credentials

__all__ = ["add_usage"]


def add_usage(app: typer.Typer, noun: Noun) -> None:
    """Add the command that tells how often one was used."""

    @app.command(
        help=(
            f"Tell how often a {noun.word} was used, and refused, by period, API and outcome.\n\n"
            "The newest periods come first. Minutes are kept for two days, hours for 90."
        )
    )
    def usage(  # noqa: PLR0913  # the filters of the list
        context: typer.Context,
        named: str = noun.named,
        *,
        per: Annotated[str, option("PERIOD", "minute, hour or day.")] = "hour",
        after: Annotated[str | None, option("WHEN", "Only since then, or for so long.")] = None,
        before: Annotated[str | None, option("WHEN", "Only periods that began before.")] = None,
        limit: Limit = 50,
        page_token: PageToken = None,
        everything: All = False,
        json: Json = False,
    ) -> None:
        client = connect(context)
        now = SystemClock().now()
        call = credentials.usage(
            credential_id(client, noun, named),
            per=per,
            after=inputs.moment_or_none(after, "--after", now, ago=True),
            before=inputs.moment_or_none(before, "--before", now, ago=True),
        )
        Listing(limit, page_token, everything, json).show(
            client,
            call,
            ("FROM", "SECONDS", "API", "OUTCOME", "USES", "LAST", "ADDRESS", "AGENT"),
            lambda each: (
                instant(each.start),
                str(each.seconds),
                each.api,
                each.outcome,
                str(each.uses),
                instant(each.last_at),
                each.address,
                each.agent,
            ),
        )
