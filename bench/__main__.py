"""`make bench`: measures a real server and writes `bench/results.md`.

`python -m bench fetch listing` measures only those chapters, and only prints them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import acting, ending, engines, fetch, listing, oauth, peers, scale, starting
from bench.figures import Figure, tell, write
from bench.load import wrk_is_here

_TITLES = {
    "fetch": "Fetching a 1 KB secret, one worker",
    "listing": "Listing tokens",
    "scale": f"{scale.TOKENS:,} tokens, and {listing.STORED:,} beside them",
    "starting": "Starting",
    "acting": "Acts on tokens, one worker",
    "oauth": "OAuth, one worker",
    "peers": "The same by others, in the same run",
    "ending": f"{ending.EXPIRED:,} expired access tokens are cleaned up",
    "engines": "SQLite and PostgreSQL side by side, one worker",
    "workers": "Two workers on these two cores, beside the load generator",
}

_CHAPTERS = {
    "fetch": fetch.measure,
    "scale": scale.measure,
    "acting": acting.measure,
    "oauth": oauth.measure,
    "peers": peers.measure,
    "ending": ending.measure,
    "engines": engines.measure,
    "workers": fetch.with_two_workers,
}


def main(chosen: list[str]) -> None:
    if not wrk_is_here():
        print("wrk is not installed, so nothing is measured; `make services` installs it.")
        return
    chapters: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="keystead-bench-") as made:
        for name, title in _TITLES.items():
            if not chosen or name in chosen:
                chapters[title] = _measured(name, Path(made))
                tell(title, chapters[title])
    if not chosen:
        write(chapters)


def _measured(name: str, place: Path) -> list[Figure]:
    stocked = place / "stocked"
    match name:
        case "listing":
            return listing.measure(stocked)
        case "starting":
            if not stocked.exists():
                listing.stocked(stocked)[0].stop()
            return starting.measure(place / "starting", stocked)
        case _:
            return _CHAPTERS[name](place / name)


if __name__ == "__main__":
    main(sys.argv[1:])
