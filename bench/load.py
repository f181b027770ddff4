"""Load by wrk: one thread, 32 kept-alive connections, every answer checked; the server's CPU from /proc."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from tests.running import Server

CONNECTIONS: Final = 32
SECONDS: Final = float(os.environ.get("KEYSTEAD_BENCH_SECONDS", "8"))
_WARM_UP: Final = 1.0
_SCRIPT: Final = Path(__file__).with_name("answers.lua")
_TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk found."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    requests: int
    wrong: int
    example: str

    @property
    def shown(self) -> str:
        text = (
            f"{self.rate:,.0f}/s, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, "
            f"{self.cpu_ms:.2f} ms CPU"
        )
        return text if not self.wrong else f"{text}, {self.wrong} WRONG ({self.example})"


class _Result(TypedDict):
    """What `answers.lua` writes at the end of a run."""

    requests: int
    micros: int
    p50: int
    p99: int
    wrong: int
    broken: int
    example: str


def wrk_is_here() -> bool:
    return shutil.which("wrk") is not None


def load(  # noqa: PLR0913  # a request has so many parts
    server: Server,
    path: str,
    *,
    token: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    body: bytes | None = None,
    template: str | None = None,
    paths: list[str] | None = None,
    bodies: list[str] | None = None,
    holds: str | None = None,
    seconds: float = SECONDS,
) -> Load:
    """Warm up, then measure.

    Args:
        body: the only right answer.
        holds: what the right answer has in it.
        template: of what is sent, in which @ stands for a number.
        paths, bodies: asked for, or sent, in turn.
    """
    with tempfile.TemporaryDirectory() as made:
        aside = Path(made)
        arguments = [f"status={status}", f"method={method}"]
        if body is not None:
            (aside / "body").write_bytes(body)
            arguments.append(f"body={aside / 'body'}")
        if template is not None:
            (aside / "template").write_text(template)
            arguments.append(f"template={aside / 'template'}")
        sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}

        if holds is not None:
            arguments.append(f"holds={holds}")
        lists = {"paths": paths, "bodies": bodies}

        def turn(duration: float, first: int, part: slice) -> tuple[_Result, float]:
            more = [*arguments, f"first={first}"]
            for name, lines in lists.items():
                if lines is not None:
                    (aside / name).write_text("\n".join(lines[part]))
                    more.append(f"{name}={aside / name}")
            before = cpu_ms(server.process.pid)
            found = _wrk(server.url + path, sent, duration, more)
            return found, cpu_ms(server.process.pid) - before

        # The warm-up takes the last tenth, so that each line is measured the first time it is asked.
        cut = len(paths or bodies or ()) * 9 // 10
        turn(_WARM_UP, 0, slice(cut, None))
        found, spent = turn(seconds, 10_000_000, slice(None, cut))
    requests = found["requests"]
    return Load(
        rate=requests / found["micros"] * 1e6,
        p50_ms=found["p50"] / 1000,
        p99_ms=found["p99"] / 1000,
        cpu_ms=spent / max(requests, 1),
        requests=requests,
        wrong=found["wrong"] + found["broken"],
        example=found["example"],
    )


def _wrk(url: str, headers: Mapping[str, str], seconds: float, arguments: list[str]) -> _Result:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(_SCRIPT)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    done = subprocess.run(
        [*command, url, "--", *arguments], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            result: _Result = json.loads(line.removeprefix("RESULT "))
            return result
    raise SystemExit(f"wrk ended with {done.returncode}: {done.stdout}{done.stderr}")


def cpu_ms(pid: int) -> float:
    """Return the CPU time so far of a process and all below it."""
    total = 0.0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) * _TICK_MS
    return total


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and all below it."""
    kilobytes = 0
    for each in family(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found
