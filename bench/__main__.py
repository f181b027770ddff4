"""`make bench`: measures a real server and writes `bench/results.md`, chapter by chapter.

`python -m bench fetch listing` measures only those. Where a variable says to measure less, nothing is
written.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from bench import acting, ending, engines, fetch, listing, oauth, peers, scale, starting
from bench.figures import Figure, tell, write
from bench.load import wrk_is_here


class Chapter(NamedTuple):
    """What is measured together.

    Attributes:
        name: by which it is chosen; its data directory has the same.
        title: in the results.
        measure: takes that directory, which is not there yet.
    """

    name: str
    title: str
    measure: Callable[[Path], list[Figure]]


def _starting(place: Path) -> list[Figure]:
    stocked = place.with_name("listing")
    if not stocked.exists():
        listing.stocked(stocked)[0].stop()
    return starting.measure(place, stocked)


_CHAPTERS: Final = (
    Chapter("fetch", "Fetching a 1 KB secret, one worker", fetch.measure),
    Chapter("listing", "Listing tokens", listing.measure),
    Chapter("scale", f"{scale.TOKENS:,} tokens, and {listing.STORED:,} beside them", scale.measure),
    Chapter(
        "scale-postgresql",
        f"{scale.TOKENS:,} tokens, and {listing.STORED:,} beside them, on PostgreSQL",
        scale.measure_on_postgresql,
    ),
    Chapter("starting", "Starting", _starting),
    Chapter("acting", "Acts on tokens, one worker", acting.measure),
    Chapter("oauth", "OAuth, one worker", oauth.measure),
    Chapter("peers", "The same by others, in the same run", peers.measure),
    Chapter("ending", f"{ending.EXPIRED:,} expired access tokens are cleaned up", ending.measure),
    Chapter("engines", "SQLite and PostgreSQL side by side, one worker", engines.measure),
    Chapter(
        "workers",
        "Two workers on these two cores, beside the load generator",
        fetch.with_two_workers,
    ),
)


def main(chosen: list[str]) -> None:
    if not wrk_is_here():
        print("wrk is not installed, so nothing is measured; `make services` installs it.")
        return
    order = [chapter.title for chapter in _CHAPTERS]
    whole = not any(name.startswith("KEYSTEAD_BENCH_") for name in os.environ)
    with tempfile.TemporaryDirectory(prefix="keystead-bench-") as made:
        for chapter in _CHAPTERS:
            if not chosen or chapter.name in chosen:
                found = chapter.measure(Path(made) / chapter.name)
                tell(chapter.title, found)
                if whole:
                    write(chapter.title, found, order)


if __name__ == "__main__":
    main(sys.argv[1:])
