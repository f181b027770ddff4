"""Forms: bodies of `application/x-www-form-urlencoded` in UTF-8, as OAuth's endpoints take them (RFC 6749).

A parameter without a value is one that was not sent (§3.1), none stands twice, and unknown ones are ignored
(§3.2). Parameters of the URL are no part of a form.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from keystead.core.errors import Invalid
from keystead.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORM", "MAX_FORM", "Many", "decode_form"]

T = TypeVar("T", bound=msgspec.Struct)
_Kind = Literal["many", "secret", "text"]

Many = tuple[str, ...]
"""The type of a parameter that may stand in a form more than once."""

FORM: Final = "application/x-www-form-urlencoded"

MAX_FORM: Final = 57_344
"""Bytes of a form: its longest parameters are tokens, assertions and lists of scopes."""

_MAX_PARAMETERS: Final = 200
_MEDIA: Final = re.compile(
    rf"{re.escape(FORM)}[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE
)


def decode_form(body: bytes, content_type: str, form: type[T]) -> T:
    """Decode a form into a Struct of texts, secrets and `Many`, each of which may be missing.

    Raises:
        Invalid: it is no form, or none in UTF-8, or a parameter of the Struct stands in it twice;
            `unsupported_media_type` where it says that it is something else.
    """
    if not body and not content_type:
        return form()
    if _MEDIA.fullmatch(content_type.strip()) is None:
        raise Invalid(f"the body must be a form: {FORM}", code="unsupported_media_type")
    kinds = _kinds_of(form)
    found: dict[str, list[str]] = {}
    for name, value in _pairs(body):
        if name in kinds:
            found.setdefault(name, []).append(value)
    given: dict[str, Any] = {}
    for name, values in found.items():
        if kinds[name] != "many" and len(values) > 1:
            raise Invalid(f"the parameter {name} stands twice")
        if sent := [value for value in values if value]:
            given[name] = _value(sent, kinds[name])
    return form(**given)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        # Not chained: what a codec says of a text holds it.
        raise Invalid("the form cannot be read as UTF-8, or has too many parameters") from None


def _value(sent: list[str], kind: _Kind) -> Any:  # noqa: ANN401  # whatever the parameter is
    if kind == "many":
        return tuple(sent)
    return Secret(sent[0]) if kind == "secret" else sent[0]


@lru_cache(maxsize=16)
def _kinds_of(form: type[msgspec.Struct]) -> Mapping[str, _Kind]:
    # Here and not for each request: it takes long to compare types.
    return {
        name: "many" if kind == Many else "secret" if kind == Secret | None else "text"
        for name, kind in get_type_hints(form).items()
        if not name.startswith("__")
    }
