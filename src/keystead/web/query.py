"""Query strings: typed by a Struct, unknown names refused, and the opaque cursors of pages."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from keystead.core.errors import FieldError, Invalid
from keystead.ports.paging import DEFAULT_PAGE, MAX_PAGE, PageRequest, Position
from keystead.web.bodies import decode_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "PageSize",
    "decode_cursor",
    "decode_query",
    "encode_cursor",
    "page_request",
    "query_pairs",
    "require_alone",
]

T = TypeVar("T", bound=msgspec.Struct)

PageSize = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
"""A list's `page_size`, as Structs of parameters declare it."""

_MAX_PARAMETERS = 50
_CURSOR = msgspec.json.Decoder(tuple[str, str | int | None, str])


def query_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a query string.

    Raises:
        Invalid: there are too many, or it is no UTF-8.
    """
    if not raw:
        return []
    try:
        return parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        raise Invalid("the query string cannot be read") from None


def decode_query(
    pairs: Iterable[tuple[str, str]],
    form: type[T],
    judge: Callable[[Mapping[str, Any]], Iterable[FieldError]],
) -> T:
    """Decode parameters into a Struct of texts, numbers and truths.

    Raises:
        Invalid: with every wrong, repeated or unknown parameter.
    """
    given: dict[str, str] = {}
    wrong: dict[str, FieldError] = {}
    for name, value in pairs:
        if name in given:
            wrong[name] = FieldError(name[:64], "stands twice")
        elif "\0" in value:
            # Nothing that is kept has one, and PostgreSQL cannot even be asked for it.
            wrong[name] = FieldError(name[:64], "must hold no NUL character")
        given[name] = value
    if not wrong:
        return decode_fields(given, form, judge, _convert)
    good = {name: value for name, value in given.items() if name not in wrong}
    try:
        decode_fields(good, form, judge, _convert)
    except Invalid as error:
        more = [each for each in error.errors if each.field not in wrong]
        raise Invalid(error.detail, *wrong.values(), *more) from None
    raise Invalid.of(*wrong.values())


def require_alone(asked: msgspec.Struct, name: str) -> None:
    """Refuse whatever was asked for beside a parameter that names one thing.

    Raises:
        Invalid: with each of the others.
    """
    others = [
        field
        for field in asked.__struct_fields__
        if field != name and getattr(asked, field) is not None
    ]
    if others:
        raise Invalid.of(*(FieldError(field, f"excludes {name}") for field in others))


def page_request(
    page_size: int | None,
    page_token: str | None,
    sort: str,
    *kinds: type[str | int | None],
) -> PageRequest:
    """Return the page asked for; `kinds` as in `decode_cursor`.

    Raises:
        Invalid: the size is out of range, or the cursor is not one of this list and order.
    """
    size = DEFAULT_PAGE if page_size is None else page_size
    if not 1 <= size <= MAX_PAGE:
        raise Invalid.of(FieldError("page_size", f"must be 1 to {MAX_PAGE}"))
    return PageRequest(size, decode_cursor(page_token, sort, *kinds) if page_token else None)


def encode_cursor(position: Position | None, sort: str) -> str | None:
    """Return a position as an opaque text that belongs to one order; None after the last page."""
    if position is None:
        return None
    return urlsafe_b64encode(msgspec.json.encode([sort, *position])).decode().rstrip("=")


def decode_cursor(
    text: str,
    sort: str,
    *kinds: type[str | int | None],
    field: str = "page_token",
) -> Position:
    """Read what `encode_cursor` wrote.

    It needs no signature: it only says where to go on; what may be seen is decided anew.

    Args:
        text: the cursor as it was sent.
        sort: the order it must belong to.
        *kinds: what its value may be; a text where none is named.
        field: the parameter it was sent in.

    Raises:
        Invalid: it is not one of ours, or of another order.
    """
    wrong = Invalid.of(
        FieldError(field, "is not one that this list answered, in this order"),
    )
    try:
        padded = text + "=" * (-len(text) % 4)
        named, value, last = _CURSOR.decode(urlsafe_b64decode(padded.encode("ascii")))
    except (Base64Error, UnicodeError, msgspec.DecodeError, ValueError):
        raise wrong from None
    fits = isinstance(value, kinds or (str,))
    if named != sort or not fits or (isinstance(value, int) and abs(value) >= 1 << 62):
        raise wrong
    if "\0" in last or (isinstance(value, str) and "\0" in value):
        raise wrong
    return value, last


def _convert(value: str, kind: Any) -> Any:  # noqa: ANN401  # whatever the parameter is
    return msgspec.convert(value, kind, strict=False)
