"""The floor: a constant answer by the same listener without any of ours, for ratios within one run.

The targets were set on a machine where this floor gave 49,600 requests a second (19 us of CPU each). Where it
gives less now, absolute figures are lower by as much for reasons that are not the program's.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure
from bench.load import load
from tests.running import Server

REFERENCE: Final = 49_600
_PORT: Final = 8799
_BODY: Final = b"constant"


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401, ARG001  # bare ASGI
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


def measure(place: Path) -> tuple[list[Figure], float]:
    """Return the floor's figure, and its requests a second."""
    url = f"http://127.0.0.1:{_PORT}"
    words = "--loop uvloop --http httptools --no-access-log --log-level error --lifespan off"
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "bench.floor:app", "--port", str(_PORT), *words.split()]
    )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(url, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        server = Server(place, url, "", "", process, place)
        found = load(server, "/", token="none", body=_BODY, seconds=4)
    finally:
        process.terminate()
        process.wait()
    figure = Figure(
        "the floor: a constant answer by uvicorn alone",
        f"{found.shown}; {found.rate / REFERENCE:.2f} of the {REFERENCE:,}/s where targets were set",
    )
    return [figure], found.rate
