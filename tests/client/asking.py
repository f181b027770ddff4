"""Either client, asked in the same way, with a clock that stands still unless a wait moves it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from typing import Any, Self, TypeVar

from keystead_client import AsyncClient, Call, Client, Download, Retries, Secret
from keystead_client._io.world import World
from keystead_client.records import Page
from tests.client.peer import TOKEN

T = TypeVar("T")


class Time:
    """Moves only when somebody waits, and remembers the waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.after_wait: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        self.after_wait()

    async def wait_async(self, seconds: float) -> None:
        self.wait(seconds)

    def world(self) -> World:
        """Return a world by this clock, in which every wait is half of what it could be."""
        return World(clock=lambda: self.now, chance=lambda: 0.5)


class Asker:
    """One of the two clients; every call blocks."""

    def __init__(self, client: Client | AsyncClient, time: Time) -> None:
        self.client = client
        self.time = time
        self._runner = asyncio.Runner()
        client._world = time.world()
        if isinstance(client, AsyncClient):
            client._sleep = time.wait_async
        else:
            client._sleep = time.wait

    def send(self, call: Call[T]) -> T:
        if isinstance(self.client, Client):
            return self.client.send(call)
        return self.run(self.client.send(call))

    def walk(self, call: Call[Page[T]]) -> list[T]:
        if isinstance(self.client, Client):
            return list(self.client.walk(call))
        client = self.client

        async def walk() -> list[T]:
            return [item async for item in client.walk(call)]

        return self.run(walk())

    def download(self, call: Download, write: Callable[[bytes], object]) -> None:
        if isinstance(self.client, Client):
            self.client.download(call, write)
        else:
            self.run(self.client.download(call, write))

    def fetch(self, path: str, field: str = "password") -> Secret:
        if isinstance(self.client, Client):
            return self.client.fetch(path, field)
        return self.run(self.client.fetch(path, field))

    def run(self, awaited: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(awaited)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self.client, Client):
            self.client.close()
        else:
            self.run(self.client.aclose())
            # A transport closes its socket some turns of the loop after it was closed.
            self.run(asyncio.sleep(0.01))
        self._runner.close()


class Make:
    """Makes askers of one kind, which are closed when the test ends."""

    def __init__(self, kind: type[Client | AsyncClient], stack: ExitStack) -> None:
        self.kind = kind
        self._stack = stack

    def __call__(
        self,
        url: str,
        token: Any = TOKEN,  # noqa: ANN401  # whatever a client takes
        *,
        times: int = 3,
        within: float = 30.0,
        **more: Any,  # noqa: ANN401  # as above
    ) -> Asker:
        time = Time()
        client = self.kind(url, token, retries=Retries(times, within), **more)
        return self._stack.enter_context(Asker(client, time))

    def from_environment(self, environ: Mapping[str, str]) -> Asker:
        time = Time()
        client = self.kind.from_environment(environ)
        return self._stack.enter_context(Asker(client, time))


def shown_with_variables(error: BaseException) -> str:
    """Return what an error tracker shows: the error, what led to it, and each frame's variables.

    Only the frames of the client and of what it calls; a test's own hold what it lays out.
    """
    shown: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if found is None:
            continue
        pending += [found.__cause__, found.__context__]
        shown.append(repr(found))
        for frame, _ in traceback.walk_tb(found.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                shown.append(f"{frame.f_code.co_name}: {frame.f_locals!r}")
    return "\n".join(shown)
