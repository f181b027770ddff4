"""What a denial is raised as, and what of an error is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Forbidden, KeysteadError, Refused, Unauthenticated, Unavailable
from keystead.crypto.envelope import BrokenEnvelope

if TYPE_CHECKING:
    from keystead.policy.restrictions import Denial

__all__ = ["refusal_by", "told_of"]


def refusal_by(denial: Denial) -> Refused | Unavailable:
    """Return what a denial is raised as."""
    match denial.sort:
        case "unauthenticated":
            return Unauthenticated(denial.code, denial.detail, rule=denial.rule)
        case "forbidden":
            return Forbidden(denial.code, denial.detail, rule=denial.rule)
        case "undecided":
            return Unavailable(denial.code, denial.detail)


def told_of(error: KeysteadError) -> tuple[str, str]:
    """Return the code and the rule that are entered."""
    match error:
        case Refused():
            return error.code, error.rule
        case Unavailable():
            return error.code, error.code
        case BrokenEnvelope():
            # Somebody changed the database: a fault to the client, but one that the audit tells of.
            return "internal_error", "sealed value altered or moved"
        case _:
            return "internal_error", "password hash altered or not checkable"
