"""What lists have in common: their pages, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, TypeVar

import typer

from keystead.cli.failures import Misuse
from keystead.cli.options import option
from keystead.cli.output import Record, document, note, table
from keystead_client import Call, Client
from keystead_client.records import Page

__all__ = ["All", "Limit", "Listing", "PageToken", "show_page"]

T = TypeVar("T", bound=Record)

# Entries that the server gives on one page at most.
_LARGEST_PAGE: Final = 200

All = Annotated[bool, typer.Option("--all", help="Fetch every page.")]
Limit = Annotated[
    int, typer.Option(metavar="N", min=1, max=_LARGEST_PAGE, help="Entries on the page.")
]
PageToken = Annotated[str | None, option("TOKEN", "The page that follows another.")]


def show_page(
    page: Page[T], columns: Sequence[str], row: Callable[[T], Sequence[str]], *, as_json: bool
) -> None:
    """Print one page in columns."""
    if as_json:
        cursor = {} if page.cursor is None else {"cursor": page.cursor}
        items = [item.raw for item in page.items]
        document({"items": items, "next_page_token": page.next_page_token, **cursor})
        return
    table(columns, [row(item) for item in page.items])
    if not page.items:
        note("nothing found")


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
        """Fetch it and print it in columns.

        Raises:
            Misuse: every page is wanted, and one of them too.
        """
        page = self._page(client, call)
        show_page(page, columns, row, as_json=self.as_json)
        if page.next_page_token is not None and not self.as_json:
            turn = f"--{call.turn.replace('_', '-')}"
            note(f"there is more: {turn} {page.next_page_token}, or --all")

    def _page(self, client: Client, call: Call[Page[T]]) -> Page[T]:
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
