"""What is answered to a request that was not read to the end of its head, before any door is asked."""

from __future__ import annotations

from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from keystead.core.errors import Invalid, KeysteadError
from keystead.web.present import new_request_id
from keystead.web.refusals import PROBLEM, problem_of

__all__ = ["MAX_HEAD", "MAX_HEADERS", "answer_of", "too_large", "unreadable"]

MAX_HEAD: Final = 32_768
"""Bytes of the request line and all headers: more than clients send, and little to hold for a stranger."""

MAX_HEADERS: Final = 100


def unreadable() -> Invalid:
    """Return the refusal of what is no request."""
    return Invalid("this is no HTTP request that can be read")


def too_large() -> Invalid:
    """Return the refusal of a head over its bounds."""
    rule = f"a request's head may have at most {MAX_HEAD} bytes and {MAX_HEADERS} headers"
    return Invalid(rule, code="headers_too_large")


def answer_of(error: KeysteadError) -> bytes:
    """Return a refusal as it is sent, with which the connection ends."""
    request_id = new_request_id()
    problem, headers = problem_of(error, request_id)
    body = msgspec.json.encode(problem)
    lines = {
        **headers,
        "Keystead-Request-Id": request_id,
        "Cache-Control": "no-store",
        "Content-Type": PROBLEM,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    head = "".join(f"{name.lower()}: {value}\r\n" for name, value in lines.items())
    return STATUS_LINE[problem.status] + head.encode() + b"\r\n" + body
