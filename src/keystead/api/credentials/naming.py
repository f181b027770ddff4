"""What a verb finds wrong, named by the field in which it was sent."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keystead.core.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystead.core.errors import FieldError

__all__ = ["naming"]


@contextlib.contextmanager
def naming(as_sent: Callable[[FieldError], FieldError]) -> Iterator[None]:
    """Have each wrong field named by another name."""
    try:
        yield
    except Invalid as error:
        raise Invalid(error.detail, *map(as_sent, error.errors), code=error.code) from None
