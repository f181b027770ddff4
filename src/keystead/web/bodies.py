"""Bodies: bounded before they are decoded, and every wrong field named at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_type_hints

import msgspec

from keystead.core.errors import FieldError, Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

__all__ = ["MAX_BODY", "MAX_DEPTH", "decode_fields", "decode_json", "read_body", "require_empty"]

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY: Final = 1_048_576
"""Bytes of a request's body; the largest secret with all its fields fits."""

MAX_DEPTH: Final = 64

_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_JSON: Final = re.compile(
    r"application/json[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE
)
_PATH: Final = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_RAW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def read_body(headers: Mapping[str, str], receive: Callable[[], Awaitable[Any]]) -> bytes:
    """Read a body of at most `MAX_BODY` bytes.

    Raises:
        Invalid: `too_large`.
    """
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > MAX_BODY:
        raise _too_large()
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("the request ended before its body did")
        found += message.get("body", b"")
        if len(found) > MAX_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(found)


def require_empty(body: bytes) -> None:
    """Refuse a body where none has a meaning: nothing that was sent may be ignored unseen."""
    if body.strip() not in {b"", b"{}"}:
        raise Invalid("this request takes no body")


def decode_json(
    body: bytes,
    content_type: str,
    form: type[T],
    judge: Callable[[Mapping[str, Any]], Iterable[FieldError]],
) -> T:
    """Decode a JSON object.

    Args:
        body: as it came.
        content_type: the header's value.
        form: the Struct to become.
        judge: says what else is wrong with those fields that could be decoded; asked only where some
            could not, so that all wrong fields are named in one answer.

    Raises:
        Invalid: with every wrong field; `unsupported_media_type` where it is not JSON at all.
    """
    if _JSON.fullmatch(content_type.strip()) is None:
        raise Invalid(
            "the body must be JSON, with Content-Type: application/json",
            code="unsupported_media_type",
        )
    _require_shallow(body)
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("the body is not well-formed JSON in UTF-8") from None
    try:
        raw = _RAW.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("the body must be a JSON object") from None
    return decode_fields(raw, form, judge, _decode_one)


def decode_fields(
    given: Mapping[str, Any],
    form: type[T],
    judge: Callable[[Mapping[str, Any]], Iterable[FieldError]],
    decode: Callable[[Any, Any], Any],
) -> T:
    """Decode field by field, collecting what is wrong with each.

    Raises:
        Invalid: with every wrong, missing and unknown field.
    """
    fields = _fields_of(form)
    wrong = [
        FieldError(name[:64], "is no field of this request") for name in given if name not in fields
    ]
    good: dict[str, Any] = {}
    for name, (kind, required) in fields.items():
        if name not in given:
            if required:
                wrong.append(FieldError(name, "is required"))
            continue
        try:
            good[name] = decode(given[name], kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            wrong.append(_plainly(name, str(error)))
    wrong += judge(good)
    if wrong:
        raise Invalid("some fields are wrong", *wrong)
    return form(**good)


@lru_cache(maxsize=256)
def _fields_of(form: type[msgspec.Struct]) -> dict[str, tuple[Any, bool]]:
    """Return each field's type and whether it is required; reading annotations costs 300 µs."""
    kinds = get_type_hints(form, include_extras=True)
    return {f.encode_name: (kinds[f.name], f.required) for f in msgspec.structs.fields(form)}


def _decode_one(value: msgspec.Raw, kind: Any) -> Any:  # noqa: ANN401  # whatever the field is
    return msgspec.json.decode(value, type=kind)


def _plainly(name: str, message: str) -> FieldError:
    """Turn the decoder's sentence into ours; it never repeats a value that was sent."""
    path = _PATH.search(message)
    where = name + (re.sub(r"\[\.\.\.\]", "", path[1]) if path else "")
    rule = _PATH.sub("", message)
    if rule.startswith("Invalid enum value"):
        rule = "is none of the values allowed"
    if "unknown field" in rule:
        unknown = re.search(r"unknown field `(.{0,64})", rule)
        where = f"{where}.{unknown[1].rstrip('`')}" if unknown else where
        rule = "is no field of this request"
    rule = rule.replace("Object missing required field", "lacks the field")
    rule = re.sub(r"^Expected `(.+)`, got `(.+)`$", r"must be \1, not \2", rule)
    rule = re.sub(r"^Expected `(.+)`$", r"must be \1", rule).replace("`", "")
    return FieldError(where, rule)


def _require_shallow(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(body):
        bracket = match[0]
        if bracket in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Invalid(f"the body nests deeper than {MAX_DEPTH} levels")
        elif bracket in b"]}":
            depth -= 1


def _too_large() -> Invalid:
    return Invalid(f"a body may have at most {MAX_BODY} bytes", code="too_large")
