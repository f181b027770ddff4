"""The connection that commands on a server use, and what lists have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Protocol, TypeVar

import typer

from keystead.cli.failures import Misuse
from keystead.cli.output import document, note, table
from keystead_client import Call, Client
from keystead_client.records import Page, Raw

__all__ = ["All", "Limit", "Listing", "PageToken", "Settings", "Yes", "confirm", "connect"]

T = TypeVar("T", bound="HasRaw")

_LARGEST_PAGE = 200

All = Annotated[bool, typer.Option("--all", help="Fetch every page.")]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=_LARGEST_PAGE, help="Entries on the page.")
]
PageToken = Annotated[
    str | None, typer.Option("--page-token", metavar="TOKEN", help="The page that follows another.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class HasRaw(Protocol):
    """A record that keeps the answer's own object."""

    @property
    def raw(self) -> Raw:
        """The object as it came."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the options before the command say."""

    insecure_http: bool = False


def connect(context: typer.Context) -> Client:
    """Connect as the environment and the options before the command say.

    Raises:
        MisconfiguredClient: the environment does not name a server and a token.
    """
    settings = context.find_object(Settings) or Settings()
    return Client.from_environment(insecure_http=settings.insecure_http, user_agent="keystead-cli")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of a list is wanted, and how it is shown."""

    limit: int
    page_token: str | None
    everything: bool
    as_json: bool

    def show(
        self,
        client: Client,
        call: Call[Page[T]],
        columns: Sequence[str],
        row: Callable[[T], Sequence[str]],
    ) -> None:
        """Fetch and print.

        Raises:
            Misuse: every page is wanted, and one of them too.
        """
        page = self._fetch(client, call)
        if self.as_json:
            items = [dict(item.raw) for item in page.items]
            cursor = {} if page.cursor is None else {"cursor": page.cursor}
            document({"items": items, "next_page_token": page.next_page_token, **cursor})
            return
        table(columns, [row(item) for item in page.items])
        if page.next_page_token is not None:
            option = f"--{call.turn.replace('_', '-')}"
            note(f"there is more: {option} {page.next_page_token}, or --all")

    def _fetch(self, client: Client, call: Call[Page[T]]) -> Page[T]:
        if not self.everything:
            ahead = (("page_token", self.page_token),) if self.page_token else ()
            size = ("page_size", str(self.limit))
            return client.send(replace(call, query=(*call.query, size, *ahead)))
        if self.page_token is not None:
            raise Misuse("--all begins at the first page; leave out --page-token")
        size = ("page_size", str(_LARGEST_PAGE))
        items: list[T] = []
        cursor = None
        for page in client.pages(replace(call, query=(*call.query, size))):
            items.extend(page.items)
            cursor = page.cursor or cursor
        return Page(tuple(items), None, cursor)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees.

    Raises:
        Misuse: there is no terminal to ask at, or he does not agree.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Misuse("without a terminal to ask at, this needs --yes")
    if not typer.confirm(question, err=True):
        raise Misuse("nothing was done")
