"""What a denial is raised as, and what of an error is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from keystead.core.errors import Broken, Forbidden, Refused, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from keystead.policy.restrictions import Denial

__all__ = ["code_and_rule", "refusal_by"]


def refusal_by(denial: Denial) -> Refused | Unavailable:
    """Return what a denial is raised as."""
    match denial.sort:
        case "unauthenticated":
            return Unauthenticated(denial.code, denial.detail, rule=denial.rule)
        case "forbidden":
            return Forbidden(denial.code, denial.detail, rule=denial.rule)
        case "undecided":
            return Unavailable(denial.code, denial.detail)


def code_and_rule(error: Refused | Unavailable | Broken) -> tuple[str, str]:
    """Return the code and the rule that are entered."""
    match error:
        case Refused():
            return error.code, error.rule
        case Unavailable():
            return error.code, error.code
        case Broken():
            return "internal_error", error.rule
        case _:
            assert_never(error)
