"""Exit codes, and how a failure is said; which error ends with which code is in `endings`.

    0  done
    1  unexpected: a fault of Keystead, or an answer that is not Keystead's
    2  usage: the command line or the environment is not understood; nothing was asked
    3  refused (401, 403)
    4  not found (404)
    5  conflict: taken name, wrong state, another version is the newest (409, 412)
    6  invalid input; every wrong field is named (400 and other 4xx)
    7  unavailable just now, or not reachable (429, 503, no answer)
    8  the audit chain is not intact
    9  the installation is misconfigured
  130  interrupted, or a question was answered with no

A code never changes its meaning.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from keystead.cli.output import printable

__all__ = ["Exit", "Failure", "Misuse", "tell"]


class Exit(IntEnum):
    """What the exit code says; see the module's table."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    CONFLICT = 5
    INVALID = 6
    UNAVAILABLE = 7
    CHAIN_BROKEN = 8
    MISCONFIGURED = 9
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ends without its result.

    Attributes:
        errors: path and message of each wrong field.
    """

    exit: Exit
    code: str
    detail: str
    status: int | None = None
    errors: tuple[tuple[str, str], ...] = ()
    request_id: str = ""


class Misuse(Exception):
    """The command line asks for what cannot be: exit 2 (or another, where a better one fits)."""

    def __init__(self, sentence: str, *, exit_code: Exit = Exit.USAGE, code: str = "usage") -> None:
        super().__init__(sentence)
        self.exit_code: Final = exit_code
        self.code: Final = code


def tell(failure: Failure, *, as_json: bool, cause: BaseException | None = None) -> None:
    """Say a failure on standard error."""
    if cause is not None and os.environ.get("KEYSTEAD_TRACEBACK"):
        traceback.print_exception(cause)
    lines = [_json(failure)] if as_json else _lines(failure)
    sys.stderr.write("".join([f"{line}\n" for line in lines]))


# What the server's field is called on the command line, where nobody could guess it.
_OPTIONS: Final = {
    "access": "--scope or --level",
    "expires_at": "--expires",
    "overlap_seconds": "--overlap",
}


def _lines(failure: Failure) -> list[str]:
    trail = ", ".join([text for text in (failure.code, failure.request_id) if text])
    mark = f" [{trail}]" if failure.status is not None else ""
    fields = [
        f"error: {field}: {message}" + (f" ({_OPTIONS[field]})" if field in _OPTIONS else "")
        for field, message in failure.errors
    ]
    return [printable(line) for line in (f"error: {failure.detail}{mark}", *fields)]


def _json(failure: Failure) -> str:
    wrong = [{"field": field, "message": message} for field, message in failure.errors]
    return json.dumps(
        {
            "error": {
                "exit": int(failure.exit),
                "code": failure.code,
                "status": failure.status,
                "detail": failure.detail,
                "errors": wrong,
                "request_id": failure.request_id or None,
            }
        }
    )
