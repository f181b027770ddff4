"""From JSON to records, driven by what a record says that its fields are.

Strict about what a record needs, blind to what it does not know. A field that has a default may be
missing or null; a list or map that is missing or null is empty. What is wrong is named by the
field's path and never quoted: the answer may hold a secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from keystead_client._core.secret import Secret

__all__ = ["Malformed", "decode", "decode_items", "parse"]

T = TypeVar("T")

Reader: TypeAlias = Callable[[object], object]


class Malformed(Exception):
    """The answer does not hold what it should; says where and why, without a value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self._rule: str = rule
        self._path: str = ""

    def within(self, name: str) -> None:
        """Put a field's name before the path."""
        between = "." if self._path and self._path[0] != "[" else ""
        self._path = f"{name}{between}{self._path}"

    def __str__(self) -> str:
        return f"the answer's field '{self._path}' {self._rule}" if self._path else self._rule


def parse(body: bytes) -> Mapping[str, object]:
    """Read a body that must be one JSON object.

    Raises:
        Malformed: it is not.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        # Not chained: the decoder's error keeps the whole text.
        raise Malformed("the answer is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed("the answer is not a JSON object")
    return value


def decode(kind: type[T], value: object) -> T:
    """Make a record of a JSON object.

    Raises:
        Malformed: a field is missing or has another form.
    """
    return cast("T", _reader(cast("object", kind))(value))


def decode_items(kind: type[T], value: Mapping[str, object]) -> tuple[T, ...]:
    """Make records of the `items` of a page.

    Raises:
        Malformed: one of them has a field that is missing or has another form.
    """
    try:
        return cast("tuple[T, ...]", _list_of(_reader(cast("object", kind)))(value.get("items")))
    except Malformed as wrong:
        wrong.within("items")
        raise


@cache
def _reader(kind: Any) -> Reader:  # noqa: ANN401  # an annotation may be any object
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is tuple:
        return _list_of(_reader(inner[0]))
    if origin is Mapping:
        return _map_of(_reader(inner[1]))
    if is_dataclass(kind):
        return _record(kind)
    # All that is left is `X | None`.
    return _or_none(_reader(inner[0]))


def _record(kind: Any) -> Reader:  # noqa: ANN401  # as below
    hints = get_type_hints(kind)
    plan = [
        (each.name, _reader(hints[each.name]), each.default is not MISSING)
        for each in fields(kind)
        if each.name != "raw"
    ]
    keeps_raw = "raw" in hints

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise Malformed("is missing or not an object")
        given: dict[str, object] = {"raw": value} if keeps_raw else {}
        for name, read_field, has_default in plan:
            found = value.get(name)
            if found is None and has_default:
                continue
            try:
                given[name] = read_field(found)
            except Malformed as wrong:
                wrong.within(name)
                raise
        return kind(**given)

    return read


def _or_none(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _list_of(read: Reader) -> Reader:
    def read_list(value: object) -> object:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise Malformed("is not a list")
        found: list[object] = []
        for each in value:
            try:
                found.append(read(each))
            except Malformed as wrong:
                wrong.within(f"[{len(found)}]")
                raise
        return tuple(found)

    return read_list


def _map_of(read: Reader) -> Reader:
    def read_map(value: object) -> object:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Malformed("is not an object")
        # The names in it are the server's data, not ours, and stay out of a message.
        return {name: read(each) for name, each in value.items()}

    return read_map


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("is missing or not a text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed("is missing or not a whole number")
    return value


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(_text(value))
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Malformed("is not an instant with its offset")


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise Malformed("is missing or not true or false")
    return value


_PLAIN: Final[Mapping[object, Reader]] = {
    str: _text,
    int: _number,
    bool: _truth,
    datetime: _instant,
    Secret: lambda value: Secret(_text(value)),
    object: lambda value: value,
}
