"""The synchronous client: sends and waits as `Talk` says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from keystead_client import accounts
from keystead_client._core.calls import Answer, Call, Download, Page, next_page
from keystead_client._core.exchange import Request
from keystead_client._core.retries import Lost
from keystead_client._core.secret import Secret
from keystead_client._core.talk import Done, Renew, Wait
from keystead_client._io.shell import Shell, field_of

if TYPE_CHECKING:
    import httpx2

__all__ = ["Client"]

T = TypeVar("T")


class Client(Shell):
    """A connection to one Keystead server, with one token; may be used by several threads.

    What it is made with is described at its base, `Shell`, in `keystead_client._io.shell`.
    """

    def send(self, call: Call[T]) -> T:
        """Ask the server one thing, and again where that does no harm and may help.

        Raises:
            KeysteadError: as the tree in `keystead_client._core.errors` says.
        """
        return self._run(call, None)

    def download(self, call: Download, write: Callable[[bytes], object]) -> None:
        """Ask for what may be larger than memory, and hand it on piece by piece as it comes.

        Nothing is handed on of a refusal. Once anything was, the call is not made again: where the
        answer breaks off, what came before stands as it was written.

        Raises:
            KeysteadError: as `send`; `Unreachable` where the answer breaks off.
        """
        self._run(call, write)

    def _run(self, call: Call[T], write: Callable[[bytes], object] | None) -> T:
        talk = self._talk(call)
        while True:
            match self._heard(talk, self._exchange(talk.request, write)):
                case Done(value):
                    return value
                case Wait(seconds):
                    self._sleep(seconds)
                case Renew(refusal):
                    self._renew(talk, refusal)

    def walk(self, call: Call[Page[T]]) -> Iterator[T]:
        """Yield every item of a list, fetching page after page.

        Raises:
            KeysteadError: as `send`.
        """
        for page in self.pages(call):
            yield from page.items

    def pages(self, call: Call[Page[T]]) -> Iterator[Page[T]]:
        """Yield a list page by page.

        Raises:
            KeysteadError: as `send`.
        """
        ahead: Call[Page[T]] | None = call
        while ahead is not None:
            page = self.send(ahead)
            yield page
            ahead = next_page(ahead, page)

    def fetch(self, path: str, field: str = "password", *, version: int | None = None) -> Secret:
        """Fetch one field of the account at this path, `ops/db/orders`.

        Raises:
            NotFound: there is no such account for this token, or it has no such field.
            KeysteadError: as `send`.
        """
        return field_of(
            self.send(accounts.fetch_by_path(path, version=version, field=field)), field
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _connect(self) -> None:
        # A tenth of a second that `import keystead_client` need not take; so below.
        import httpx2  # noqa: PLC0415

        from keystead_client._io.transport import options  # noqa: PLC0415

        self._sleep: Callable[[float], None] = time.sleep
        self._http: httpx2.Client = httpx2.Client(
            **options(self._endpoint, self._tls, self._timeout)
        )

    def _exchange(self, request: Request, write: Callable[[bytes], object] | None) -> Answer | Lost:
        from keystead_client._io.transport import FAILURES, Intake  # noqa: PLC0415

        intake = Intake()
        try:
            with self._http.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content or None,
            ) as response:
                hand_on = write if intake.is_good(response.status_code) else None
                for chunk in response.iter_bytes():
                    if hand_on is not None:
                        hand_on(chunk)
                        intake.handed_on += len(chunk)
                    elif not intake.keeps(chunk):
                        break
                return intake.outcome(response.status_code, response.headers)
        except FAILURES as error:
            return intake.lost(error, self._endpoint.url, self._timeout)
