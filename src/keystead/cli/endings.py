"""Which error ends with which exit code, and what is said of it."""

from __future__ import annotations

from typing import Final

import keystead_client as sdk
from keystead.audit.errors import BrokenEntry
from keystead.cli.failures import Exit, Failure, Misuse
from keystead.core import errors

__all__ = ["explain"]

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
            named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            return Failure(code, "system", named)
        case _:
            # Its message may quote what it stumbled over, and that may be a secret.
            name = type(error).__name__
            hint = "KEYSTEAD_TRACEBACK=1 shows where"
            return Failure(code, "unexpected", f"an unexpected fault, {name}; {hint}")


def _detail(error: sdk.KeysteadError) -> str:
    if error.retry_after is None:
        return error.detail
    return f"{error.detail} (try again after {error.retry_after} s)"
