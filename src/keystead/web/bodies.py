"""Bodies: bounded before they are decoded, and every wrong field named at once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from functools import lru_cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from keystead.core.errors import FieldError, Invalid
from keystead.web.nesting import outside_strings, require_shallow, require_single

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

__all__ = [
    "MAX_BODY",
    "READ_SECONDS",
    "decode_each",
    "decode_fields",
    "decode_json",
    "has_body",
    "read_body",
    "require_empty",
    "sent",
]

T = TypeVar("T", bound=msgspec.Struct)

MAX_BODY: Final = 1_048_576
"""Bytes of a request's body; the largest secret with all its fields fits."""

READ_SECONDS: Final = 20.0
"""For the whole of a body: who sends a byte now and then holds a connection no longer."""

_MAX_WRONG: Final = 100
"""Wrong fields that one answer names; nobody mends more at once."""

_JSON: Final = re.compile(
    r"application/json[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE
)
_PATH: Final = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)
_RAW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def has_body(headers: Mapping[str, str]) -> bool:
    """Say whether a body was announced (RFC 9112 §6)."""
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""


async def read_body(
    headers: Mapping[str, str],
    receive: Callable[[], Awaitable[Any]],
    seconds: float = READ_SECONDS,
    most: int = MAX_BODY,
) -> bytes:
    """Read a body of at most `most` bytes within `seconds`.

    Raises:
        Invalid: `too_large`; `request_timeout`.
    """
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _whole_body(receive, most)
    except TimeoutError:
        msg = f"the body took longer than {seconds:g} seconds"
        raise Invalid(msg, code="request_timeout") from None


async def _whole_body(receive: Callable[[], Awaitable[Any]], most: int) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("the request ended before its body did")
        found += message.get("body", b"")
        if len(found) > most:
            raise _too_large(most)
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
    outside = outside_strings(body)
    require_shallow(outside)
    found: T | None = None
    try:
        with contextlib.suppress(msgspec.ValidationError):
            found = msgspec.json.decode(body, type=form)
        require_single(body, outside)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("the body is not well-formed JSON in UTF-8") from None
    if found is not None:
        return found
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
    unknown = (name for name in given if name not in fields)
    wrong = [
        FieldError(name[:64], "is no field of this request")
        for name in itertools.islice(unknown, _MAX_WRONG)
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
            inside = wrong_inside(name, given[name], kind)
            wrong += inside or [_plainly(name, str(error))]
    named = {each.field for each in wrong}
    wrong += (each for each in judge(good) if each.field not in named)
    if wrong:
        raise Invalid.of(*wrong[:_MAX_WRONG])
    return form(**good)


def decode_each(
    name: str,
    given: Iterable[msgspec.Raw],
    form: type[T],
    judge: Callable[[Mapping[str, Any]], Iterable[FieldError]],
) -> list[T]:
    """Decode the objects of a list, each as `decode_json` does, collecting what is wrong with all of them.

    Raises:
        Invalid: with every wrong field of every object, named `name[0].field`.
    """
    found: list[T] = []
    wrong: dict[int, Iterable[FieldError]] = {}
    for i, raw in enumerate(given):
        try:
            found.append(_decode_object(raw, form, judge))
        except Invalid as error:
            wrong[i] = error.errors or [FieldError("", error.detail)]
    if not wrong:
        return found
    good = (i for i in range(len(found) + len(wrong)) if i not in wrong)
    wrong |= {i: judge(sent(each)) for i, each in zip(good, found, strict=True)}
    named = (
        FieldError(f"{name}[{i}].{each.field}".rstrip("."), each.message)
        for i, errors in sorted(wrong.items())
        for each in errors
    )
    raise Invalid.of(*itertools.islice(named, _MAX_WRONG))


def _decode_object(
    raw: msgspec.Raw, form: type[T], judge: Callable[[Mapping[str, Any]], Iterable[FieldError]]
) -> T:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.json.decode(raw, type=form)
    try:
        fields = _RAW.decode(raw)
    except msgspec.DecodeError:
        raise Invalid("must be an object") from None
    return decode_fields(fields, form, judge, _decode_one)


@lru_cache(maxsize=256)
def _fields_of(form: type[msgspec.Struct]) -> dict[str, tuple[Any, bool]]:
    """Return each field's type and whether it is required; reading annotations costs 300 µs."""
    kinds = get_type_hints(form, include_extras=True)
    return {f.encode_name: (kinds[f.name], f.required) for f in msgspec.structs.fields(form)}


def sent(body: msgspec.Struct) -> dict[str, Any]:
    """Return the fields of a decoded body that were sent, or have a default."""
    fields = ((name, getattr(body, name)) for name in body.__struct_fields__)
    return {name: value for name, value in fields if value is not msgspec.UNSET}


def wrong_inside(name: str, value: object, kind: Any) -> list[FieldError]:  # noqa: ANN401
    """Return each wrong element of a list or an object; nothing where it is the whole that is wrong."""
    if not isinstance(value, msgspec.Raw):
        return []
    for shape in _shapes_of(kind):
        inner = get_args(shape)
        try:
            if get_origin(shape) is tuple and inner[1:] == (...,):
                return _wrong_among(
                    ((f"{name}[{i}]", raw) for i, raw in enumerate(_RAWS.decode(value))), inner[0]
                )
            if get_origin(shape) is dict:
                named = ((f"{name}.{key[:64]}", raw) for key, raw in _RAW.decode(value).items())
                return _wrong_among(named, inner[1])
            if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
                decode_fields(_RAW.decode(value), shape, _nothing_more, _decode_one)
        except Invalid as error:
            return [FieldError(f"{name}.{each.field}", each.message) for each in error.errors]
        except (msgspec.DecodeError, UnicodeDecodeError):
            return []
    return []


def _wrong_among(found: Iterable[tuple[str, msgspec.Raw]], kind: Any) -> list[FieldError]:  # noqa: ANN401
    wrong: list[FieldError] = []
    for name, raw in found:
        try:
            _decode_one(raw, kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            wrong += wrong_inside(name, raw, kind) or [_plainly(name, str(error))]
        if len(wrong) >= _MAX_WRONG:
            break
    return wrong


def _shapes_of(kind: Any) -> Iterable[Any]:  # noqa: ANN401
    """Yield the types that an annotation means, without what only describes them."""
    if get_origin(kind) is Annotated:
        yield from _shapes_of(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for each in get_args(kind):
            yield from _shapes_of(each)
    else:
        yield kind


def _nothing_more(_: Mapping[str, Any]) -> Iterable[FieldError]:
    return ()


def _decode_one(value: msgspec.Raw, kind: Any) -> Any:  # noqa: ANN401  # whatever the field is
    return msgspec.json.decode(value, type=kind)


def _plainly(name: str, message: str) -> FieldError:
    """Turn the decoder's sentence into ours; it never repeats a value that was sent."""
    path = _PATH.search(message)
    where = name + (re.sub(r"\[\.\.\.\]", "", path[1]) if path else "")
    rule = _PATH.sub("", message)
    if rule.startswith("Invalid enum value"):
        rule = "is none of the values allowed"
    if "matching regex" in rule:
        rule = "has characters that it may not have"
    if "unknown field" in rule:
        unknown = re.search(r"unknown field `(.{0,64})", rule)
        where = f"{where}.{unknown[1].rstrip('`')}" if unknown else where
        rule = "is no field of this request"
    rule = rule.replace("Object missing required field", "lacks the field")
    rule = re.sub(r"^Expected `(.+)`, got `(.+)`$", r"must be \1, not \2", rule)
    rule = re.sub(r"^Expected `(.+)`$", r"must be \1", rule).replace("`", "")
    return FieldError(where, rule)


def _too_large(most: int) -> Invalid:
    return Invalid(f"a body may have at most {most} bytes", code="too_large")
