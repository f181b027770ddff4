"""`make bench`: measures a real server and writes `bench/results.md`.

`python -m bench fetch listing` measures only those chapters, and only prints them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import acting, fetch, listing, starting
from bench.figures import Figure, tell, write
from bench.load import wrk_is_here

_TITLES = {
    "fetch": "Fetching a 1 KB secret, one worker",
    "listing": "Listing tokens",
    "starting": "Starting",
    "acting": "Acts on tokens, one worker",
    "workers": "Two workers on these two cores, beside the load generator",
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
        case "fetch":
            return fetch.measure(place / "fetch")
        case "listing":
            return listing.measure(stocked)
        case "starting":
            if not stocked.exists():
                listing.stocked(stocked)[0].stop()
            return starting.measure(place / "starting", stocked)
        case "acting":
            return acting.measure(place / "acting")
        case _:
            return fetch.with_two_workers(place / "workers")


if __name__ == "__main__":
    main(sys.argv[1:])
