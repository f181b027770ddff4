"""What a denial is raised as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Forbidden, Refused, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from keystead.policy.restrictions import Denial

__all__ = ["refusal_by"]


def refusal_by(denial: Denial) -> Refused | Unavailable:
    """Return what a denial is raised as."""
    match denial.sort:
        case "unauthenticated":
            return Unauthenticated(denial.code, denial.detail, rule=denial.rule)
        case "forbidden":
            return Forbidden(denial.code, denial.detail, rule=denial.rule)
        case "undecided":
            return Unavailable(denial.code, denial.detail)
