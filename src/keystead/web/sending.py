"""Writing an answer to the ASGI server: bytes and headers, with nothing built that is not sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from keystead.web.call import Answer

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

__all__ = ["send_answer"]

_ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_WITHOUT_BODY: Final = frozenset({204, 304})


async def send_answer(
    receive: Receive, send: Send, answer: Answer, more: Mapping[str, str]
) -> None:
    """Send an answer; `more` are headers besides its own.

    Nobody on the way may store it: each answer is for one credential.
    """
    headers = [
        *_ALWAYS,
        *(
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in answer.headers.items()
        ),
        *((name.lower().encode(), value.encode("latin-1")) for name, value in more.items()),
    ]
    if answer.status not in _WITHOUT_BODY:
        charset = "; charset=utf-8" if answer.media.startswith("text/") else ""
        headers.append((b"content-type", f"{answer.media}{charset}".encode()))
        if answer.stream is None:
            headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.stream is not None:
        await _send_parts(receive, send, answer.stream)
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _send_parts(receive: Receive, send: Send, parts: AsyncIterator[bytes]) -> None:
    # The request's body has been read, so whatever comes now says that the client has gone.
    gone = asyncio.ensure_future(receive())
    try:
        async for part in parts:
            if gone.done():
                break
            await send({"type": "http.response.body", "body": part, "more_body": True})
    finally:
        gone.cancel()
