"""Exit codes, and which error ends with which.

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
  130  interrupted

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

import keystead_client as sdk
from keystead.audit.errors import BrokenEntry
from keystead.cli.output import printable
from keystead.core import errors

__all__ = ["Exit", "Failure", "Misuse", "explain", "tell"]


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


class Misuse(Exception):  # names what the caller did, as `Invalid` does in the core
    """The command line asks for what cannot be: exit 2 (or another, where a better one fits)."""

    def __init__(self, sentence: str, *, exit_code: Exit = Exit.USAGE, code: str = "usage") -> None:
        super().__init__(sentence)
        self.exit_code: Final = exit_code
        self.code: Final = code


_EXITS: Final[dict[type[object], Exit]] = {
    sdk.MisconfiguredClient: Exit.USAGE,
    sdk.Unreachable: Exit.UNAVAILABLE,
    sdk.UnexpectedAnswer: Exit.UNEXPECTED,
    sdk.Unauthenticated: Exit.REFUSED,
    sdk.Forbidden: Exit.REFUSED,
    sdk.NotFound: Exit.NOT_FOUND,
    sdk.Conflict: Exit.CONFLICT,
    sdk.CheckFailed: Exit.CONFLICT,
    sdk.Invalid: Exit.INVALID,
    sdk.Unavailable: Exit.UNAVAILABLE,
    sdk.ServerFault: Exit.UNEXPECTED,
    errors.Refused: Exit.REFUSED,
    errors.Unauthenticated: Exit.REFUSED,
    errors.Forbidden: Exit.REFUSED,
    errors.NotFound: Exit.NOT_FOUND,
    errors.Conflict: Exit.CONFLICT,
    errors.CheckFailed: Exit.CONFLICT,
    errors.Invalid: Exit.INVALID,
    errors.Throttled: Exit.UNAVAILABLE,
    errors.Unavailable: Exit.UNAVAILABLE,
    errors.Misconfigured: Exit.MISCONFIGURED,
    BrokenEntry: Exit.CHAIN_BROKEN,
}


def explain(error: Exception) -> Failure:
    """Say how a command ends that raised this."""
    known = [_EXITS[kind] for kind in type(error).__mro__ if kind in _EXITS]
    code = known[0] if known else Exit.UNEXPECTED
    match error:
        case Misuse():
            return Failure(error.exit_code, error.code, str(error))
        case sdk.KeysteadError():
            wrong = tuple((each.field, each.message) for each in error.errors)
            return Failure(code, error.code, _detail(error), error.status, wrong, error.request_id)
        case errors.Invalid():
            wrong = tuple((each.field, each.message) for each in error.errors)
            return Failure(code, error.code, error.detail, errors=wrong)
        case errors.Refused() | errors.Unavailable():
            return Failure(code, error.code, error.detail)
        case errors.Misconfigured():
            return Failure(code, "misconfigured", str(error))
        case BrokenEntry():
            return Failure(code, "chain_broken", f"{error}; run keystead audit verify")
        case OSError():
            # The operating system's own words about a file; they hold no contents.
            return Failure(code, "system", str(error))
        case _:
            # Its message may quote what it stumbled over, and that may be a secret.
            name = type(error).__name__
            hint = "KEYSTEAD_TRACEBACK=1 shows where"
            return Failure(code, "unexpected", f"an unexpected fault, {name}; {hint}")


def _detail(error: sdk.KeysteadError) -> str:
    if error.retry_after is None:
        return error.detail
    return f"{error.detail} (try again after {error.retry_after} s)"


def tell(failure: Failure, *, as_json: bool, cause: BaseException | None = None) -> None:
    """Say a failure on standard error."""
    if cause is not None and os.environ.get("KEYSTEAD_TRACEBACK"):
        traceback.print_exception(cause)
    lines = [_json(failure)] if as_json else _lines(failure)
    sys.stderr.write("".join([f"{line}\n" for line in lines]))


def _lines(failure: Failure) -> list[str]:
    trail = ", ".join([text for text in (failure.code, failure.request_id) if text])
    mark = f" [{trail}]" if failure.status is not None else ""
    fields = [f"error: {field}: {message}" for field, message in failure.errors]
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
