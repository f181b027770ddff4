"""Answers that say no, as the JSON door gives them: one `application/problem+json` for everything."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from keystead.core.errors import Invalid, KeysteadError
from keystead.web.call import Answer
from keystead.web.refusals import PROBLEM, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.exceptions import HTTPException

__all__ = ["not_found", "of_framework", "refusal", "wrong_method"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_SENTENCES: Final = {
    "not_found": "there is nothing at this path",
    "method_not_allowed": "this path does not take that method",
    "too_large": "the request is too large",
    "invalid_request": "the request cannot be understood",
}
_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def refusal(
    error: KeysteadError, request_id: str, more: Mapping[str, str] = _NOTHING
) -> tuple[Answer, dict[str, str]]:
    """Return the answer to an error, and its headers with `more`."""
    problem, headers = problem_of(error, request_id)
    answer = Answer(problem.status, msgspec.json.encode(problem), PROBLEM)
    return answer, {**headers, **more, "Keystead-Request-Id": request_id}


def not_found(request_id: str) -> tuple[Answer, dict[str, str]]:
    """Say that there is nothing at a path."""
    return _plain("not_found", request_id)


def wrong_method(allowed: Iterable[str], request_id: str) -> tuple[Answer, dict[str, str]]:
    """Say which methods a path takes."""
    return _plain("method_not_allowed", request_id, {"Allow": ", ".join(sorted(allowed))})


def of_framework(error: HTTPException, request_id: str) -> tuple[Answer, dict[str, str]]:
    """Return ours for what the framework refused by itself, of a status below 500."""
    # A 405 says which methods are taken (RFC 9110 §15.5.6).
    named = {name.lower(): value for name, value in (error.headers or {}).items()}
    more = {"Allow": named["allow"]} if "allow" in named else _NOTHING
    return _plain(_CODES.get(error.status_code, "invalid_request"), request_id, more)


def _plain(
    code: str, request_id: str, more: Mapping[str, str] = _NOTHING
) -> tuple[Answer, dict[str, str]]:
    return refusal(Invalid(_SENTENCES[code], code=code), request_id, more)
