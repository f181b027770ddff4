"""Tokens of another system, imported by the native API."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, Raw, Struct

from keystead.api.credentials.answers import Imported, credential_answer
from keystead.api.credentials.bodies import ImportItem
from keystead.api.credentials.naming import naming
from keystead.api.credentials.wishes import WishSent
from keystead.core.errors import FieldError, Invalid
from keystead.credentials.legacy import MAX_IMPORTED, ImportWish, item_field
from keystead.operations.credentials.importing import import_legacy
from keystead.web.bodies import decode_each, sent
from keystead.web.call import as_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keystead.core.clock import Instant
    from keystead.ports.credentials import Listed
    from keystead.web.call import Answer, Call

__all__ = ["legacy_digests"]

_ITEM: Final = re.compile(r"items\[(\d+)\]\.(.+)", re.DOTALL)


class _Body(Struct, forbid_unknown_fields=True):
    """`ImportBody`, each item of it decoded on its own, so that what is wrong is named in all at once."""

    items: Annotated[tuple[Raw, ...], Meta(min_length=1, max_length=MAX_IMPORTED)]


async def legacy_digests(call: Call) -> Answer:
    """POST /import/legacy-digests."""
    items = decode_each(
        "items", call.json(_Body).items, ImportItem, lambda given: _wrong(given, call.at)
    )
    read = [WishSent.read(sent(each), call.at) for each in items]
    wishes = [
        ImportWish(sha256=each.sha256, wish=asked.wish, owner_id=each.owner_id)
        for each, asked in zip(items, read, strict=True)
    ]
    if any(asked.unread for asked in read):
        raise Invalid.of(
            *(
                FieldError(item_field(i, error.field), error.message)
                for i, each in enumerate(items)
                for error in _wrong(sent(each), call.at)
            )
        )
    with naming(partial(_as_sent, read)):
        return await call.change(lambda made: _imported(made, call.at), import_legacy, wishes)


def _wrong(given: Mapping[str, Any], at: Instant) -> list[FieldError]:
    """Return what is wrong with an item, or with as much of it as could be decoded."""
    asked = WishSent.read(given, at)
    unread = {error.field for error in asked.unread}
    wish = ImportWish(sha256=given.get("sha256", ""), wish=asked.wish)
    found = [each for each in map(asked.as_sent, wish.wrong(at)) if each.field not in unread]
    return [*asked.unread, *found]


def _imported(made: Sequence[Listed], at: Instant) -> Answer:
    return as_answer(Imported(tuple(credential_answer(each, at) for each in made)), 201)


def _as_sent(read: Sequence[WishSent], error: FieldError) -> FieldError:
    found = _ITEM.fullmatch(error.field)
    if found is None:
        return error
    place = int(found[1])
    named = read[place].as_sent(FieldError(found[2], error.message))
    return FieldError(item_field(place, named.field), named.message)
