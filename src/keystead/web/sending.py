"""Writing an answer to the ASGI server: bytes and headers, with nothing built that is not sent."""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from keystead.core.errors import Refused, Unavailable
from keystead.web.faults import place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from keystead.web.call import Answer

    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

__all__ = ["send_answer"]

_LOG: Final = logging.getLogger("keystead.web")
_ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_WITHOUT_BODY: Final = frozenset({204, 304})


async def send_answer(
    receive: Receive, send: Send, answer: Answer, more: Mapping[str, str]
) -> None:
    """Send an answer; `more` are headers besides its own.

    Nobody on the way may store it: each answer is for one credential, unless it says otherwise itself.
    """
    headers = list(_ALWAYS[1:] if "Cache-Control" in answer.headers else _ALWAYS)
    for given in (answer.headers, more):
        for name, value in given.items():
            headers.append((_name(name), value.encode("latin-1")))
    if answer.status not in _WITHOUT_BODY:
        if answer.body or answer.stream is not None:
            headers.append((b"content-type", _media(answer.media)))
        if answer.stream is None:
            headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.stream is not None and not await _send_parts(receive, send, answer.stream):
        # The server closes a connection whose answer was not brought to its end, and the client sees that.
        return
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


@cache
def _name(name: str) -> bytes:
    # Names are the house's own, and few.
    return name.lower().encode()


@cache
def _media(media: str) -> bytes:
    return f"{media}; charset=utf-8".encode() if media.startswith("text/") else media.encode()


async def _send_parts(receive: Receive, send: Send, parts: AsyncIterator[bytes]) -> bool:
    """Send a stream; say whether it came to its end."""
    gone = asyncio.ensure_future(_departure(receive))
    try:
        async for part in parts:
            if gone.done():
                break
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except (Refused, Unavailable) as error:
        _LOG.warning("a stream was cut: %s", error.code)
        return False
    except Exception as error:  # noqa: BLE001  # the status has been sent; nothing else can tell the client
        _LOG.error("a stream was cut: %s", place_of(error))  # no values
        return False
    finally:
        gone.cancel()
    return True


async def _departure(receive: Receive) -> None:
    """Return when the client has gone, which is what comes after the request itself."""
    if (await receive())["type"] == "http.request":
        await receive()
