"""What an edit changes: what is given; the rest stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from keystead.cli.failures import Misuse
from keystead_client import UNSET, Unset

__all__ = ["given", "replacement", "require_change"]

T = TypeVar("T")


def require_change(context: typer.Context, *beside: str) -> None:
    """Refuse an edit that changes nothing; `beside` are options that by themselves do not.

    Raises:
        Misuse: no option was given but those, and `--json`.
    """
    options = {each.name for each in context.command.params if each.param_type_name == "option"}
    values = [context.params.get(str(name)) for name in options - {"json", *beside}]
    if all(value is None or value is False or value == [] for value in values):
        raise Misuse("nothing to change: give what shall be different")


def given(value: T | None) -> T | Unset:
    """Leave alone what no option names."""
    return UNSET if value is None else value


def replacement(
    texts: list[str], read: Callable[[Sequence[str]], T], *, empty: bool = False, options: str = ""
) -> T | Unset:
    """Read what takes the place of a whole list: texts, or nothing if `empty`.

    Raises:
        Misuse: both are given by those options; or as `read`.
    """
    if texts and empty:
        raise Misuse(f"{options} exclude each other")
    return read(texts) if texts or empty else UNSET
