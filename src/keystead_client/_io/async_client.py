"""The asynchronous client: the same as `client`, and awaits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
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

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient(Shell):
    """A connection to one Keystead server, with one token; for asyncio; many tasks may use it at once.

    What it is made with is described at its base, `Shell`, in `keystead_client._io.shell`.
    """

    async def send(self, call: Call[T]) -> T:
        """Ask the server one thing, and again where that does no harm and may help.

        Raises:
            KeysteadError: as the tree in `keystead_client._core.errors` says.
        """
        return await self._run(call, None)

    async def download(self, call: Download, write: Callable[[bytes], object]) -> None:
        """Ask for what may be larger than memory, and hand it on piece by piece as it comes.

        Nothing is handed on of a refusal. Once anything was, the call is not made again: where the
        answer breaks off, what came before stands as it was written.

        An `async def` is awaited. Any other function, such as a file's `write`, is called in a thread, so
        that the loop goes on meanwhile; one piece at a time, in their order. Where the task is cancelled,
        the piece that is just being written is written to its end.

        Raises:
            KeysteadError: as `send`; `Unreachable` where the answer breaks off.
        """
        await self._run(call, write)

    async def _run(self, call: Call[T], write: Callable[[bytes], object] | None) -> T:
        import asyncio  # noqa: PLC0415  # whoever waits for this has imported it

        talk = self._talk(call)
        while True:
            match self._heard(talk, await self._exchange(talk.request, write)):
                case Done(value):
                    return value
                case Wait(seconds):
                    await self._sleep(seconds)
                case Renew(refusal):
                    # Where a function gives the token, it may take its time.
                    await asyncio.to_thread(self._renew, talk, refusal)

    async def walk(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """Yield every item of a list, fetching page after page.

        Raises:
            KeysteadError: as `send`.
        """
        async for page in self.pages(call):
            for item in page.items:
                yield item

    async def pages(self, call: Call[Page[T]]) -> AsyncIterator[Page[T]]:
        """Yield a list page by page.

        Raises:
            KeysteadError: as `send`.
        """
        ahead: Call[Page[T]] | None = call
        while ahead is not None:
            page = await self.send(ahead)
            yield page
            ahead = next_page(ahead, page)

    async def fetch(
        self, path: str, field: str = "password", *, version: int | None = None
    ) -> Secret:
        """Fetch one field of the account at this path, `ops/db/orders`.

        Raises:
            NotFound: there is no such account for this token, or it has no such field.
            KeysteadError: as `send`.
        """
        return field_of(
            await self.send(accounts.fetch_by_path(path, version=version, field=field)), field
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _connect(self) -> None:
        # A tenth of a second that `import keystead_client` need not take; so below.
        import asyncio  # noqa: PLC0415

        import httpx2  # noqa: PLC0415

        from keystead_client._io.transport import options  # noqa: PLC0415

        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self._http: httpx2.AsyncClient = httpx2.AsyncClient(
            **options(self._endpoint, self._tls, self._timeout)
        )

    async def _exchange(
        self, request: Request, write: Callable[[bytes], object] | None
    ) -> Answer | Lost:
        from keystead_client._io.transport import FAILURES, Intake  # noqa: PLC0415

        intake = Intake()
        try:
            async with self._http.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content or None,
            ) as response:
                hand_on = write if intake.is_good(response.status_code) else None
                async for chunk in response.aiter_bytes():
                    if hand_on is not None:
                        await _write(hand_on, chunk)
                        intake.handed_on += len(chunk)
                    elif not intake.keeps(chunk):
                        break
                return intake.outcome(response.status_code, response.headers)
        except FAILURES as error:
            return intake.lost(error, self._endpoint.url, self._timeout)


async def _write(write: Callable[[bytes], object], chunk: bytes) -> None:
    import asyncio  # noqa: PLC0415  # as above
    from inspect import isawaitable, iscoroutinefunction  # noqa: PLC0415

    awaits = iscoroutinefunction(write)
    found = write(chunk) if awaits else await asyncio.to_thread(write, chunk)
    # What hides an `async def`, such as an object that is called, gives its coroutine.
    if isawaitable(found):
        await found
