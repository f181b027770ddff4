"""What was measured, beside its target, and how it is written down."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).with_name("results.md")

_MARK: Final = "\n## "

_METHOD: Final = """\
# Measurements

A chapter is of the last run in which it was measured; machine and day stand in it.

`make bench` starts real servers (`keystead init`, `keystead serve`) in new directories, one worker unless
said otherwise, on loopback, without TLS. Load is wrk with one thread and 32 kept-alive connections on the
same machine, so that two cores carry server and load generator together; it warms up for a second, and its
script compares **every** answer's status, and for fetched secrets the whole body, with what it must be.
CPU is user and system time of the server's processes, from `/proc`, divided by the requests. Every fetch,
issue and revocation has its audit entry on disk (SQLite, WAL, `synchronous=FULL`) before it is answered.
Lists are asked one after another on one kept-alive connection and timed at the client, the body read whole.
What others do is measured under the same load in the same run; what they keep, and where, stands beside it.

Absolute figures drift by 15 % from day to day on a shared machine: compare only figures of one run. `GET
/healthz`, which asks neither the gate nor the store, says what the listener and the framework cost there.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: of what, in words; and the target it met or missed, if it has one."""

    work: str
    found: str
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "**missed**"}[self.met]


def write(title: str, figures: list[Figure], order: Sequence[str]) -> None:
    """Write a chapter's figures, with the machine and the day; the other chapters' stay as they are."""
    lines = [
        *machine("this bench included"),
        "",
        "| work | found | target | |",
        "|---|---|---|---|",
    ]
    lines += [f"| {f.work} | {f.found} | {f.target} | {f.verdict} |" for f in figures]
    section = "\n".join(lines)
    put_in(RESULTS, lambda before: with_section(before, _METHOD, title, section, order))


def put_in(file: Path, change: Callable[[str], str]) -> None:
    """Change a file's text, whole or not at all: whoever is interrupted leaves the old figures."""
    made = file.with_suffix(f".{os.getpid()}")
    made.write_text(change(file.read_text("utf-8") if file.exists() else ""), "utf-8")
    made.replace(file)


def with_section(
    before: str, head: str, title: str, section: str, order: Sequence[str] | None = None
) -> str:
    """Return a text with a section put in, or in the place of what it said before.

    Args:
        before: the text.
        head: what stands before all sections.
        title: of the section.
        section: its own text.
        order: the titles that there may be, in their order; by name where it is not said.
    """
    kept = dict(each.split("\n", 1) for each in before.split(_MARK)[1:])
    kept[title] = section
    titles = sorted(kept) if order is None else [each for each in order if each in kept]
    return head + "".join(f"{_MARK}{each}\n\n{kept[each].strip()}\n" for each in titles)


def tell(title: str, figures: list[Figure]) -> None:
    """Print a chapter."""
    print(f"\n{title}")
    for figure in figures:
        print(f"  {figure.work}: {figure.found}  {figure.target} {figure.verdict}".rstrip())


def machine(busy_with: str) -> list[str]:
    """Say on which machine this was measured, and when."""
    release = platform.freedesktop_os_release()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("litestar", "uvicorn", "uvloop"))
    machine = f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB"
    system = f"{release['PRETTY_NAME']}, Linux {'.'.join(platform.release().split('.')[:2])}"
    load = f"load average {os.getloadavg()[1]:.1f} over the last five minutes, {busy_with}"
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, Keystead {version('keystead')}: {machine}, {system},",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages};",
        f"{load}.",
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
