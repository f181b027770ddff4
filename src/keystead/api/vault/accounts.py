"""Accounts' descriptions by the native API; never their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from keystead.api.instants import text_of
from keystead.core.secret import Secret
from keystead.operations.vault import accounts as verbs
from keystead.ports.paging import Position
from keystead.ports.vault import AccountQuery
from keystead.vault.account import MAX_NOTES, MAX_TAGS, AccountWish
from keystead.vault.version import MAX_FIELDS, wrong_fields
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.identifiers import Id, Word
from keystead.web.query import PageSize, encode_cursor, page_request, require_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.operations.vault.accounts import PlacedAccount

__all__ = [
    "AccountAnswer",
    "AccountEdit",
    "AccountList",
    "AccountNew",
    "AccountQueryBody",
    "VersionList",
    "VersionQueryBody",
    "create",
    "delete",
    "edit",
    "list_all",
    "read",
    "sealed_fields",
    "versions",
]

_ORDER = "name"
_NEWEST = "-n"

Tags = Annotated[tuple[str, ...], Meta(max_length=MAX_TAGS)]
Notes = Annotated[str, Meta(max_length=MAX_NOTES)]
Fields = Annotated[
    dict[str, str],
    Meta(max_length=MAX_FIELDS, description="sealed; never answered by this route"),
]


class AccountNew(Struct, forbid_unknown_fields=True, kw_only=True):
    """An account to add, with the fields of its first version."""

    folder_id: Id
    name: str
    fields: Fields
    username: str = ""
    target: str = ""
    type: str = ""
    tags: Tags = ()
    notes: Notes = ""


class AccountEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields to change; those left out stay."""

    folder_id: Id | UnsetType = UNSET
    name: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class AccountQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Filters of a list; `path` names exactly one account, and stands alone."""

    path: Annotated[str, Meta(min_length=1, max_length=9000)] | None = None
    folder_id: Id | None = None
    type: Word | None = None
    tag: Word | None = None
    q: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    page_token: str | None = None
    page_size: PageSize | None = None


class VersionQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which page of versions."""

    page_token: str | None = None
    page_size: PageSize | None = None


class AccountAnswer(Struct, frozen=True):
    """An account's description; of its values only the names."""

    id: str
    folder_id: str
    path: str
    name: str
    username: str
    target: str
    type: str
    tags: tuple[str, ...]
    notes: str
    version: int
    field_names: tuple[str, ...]
    created_by: str
    created_at: str | None
    modified_at: str | None


class AccountList(Struct, frozen=True):
    """A page of accounts."""

    items: tuple[AccountAnswer, ...]
    next_page_token: str | None


class VersionAnswer(Struct, frozen=True):
    """A version, without values."""

    n: int
    field_names: tuple[str, ...]
    created_by: str
    created_at: str | None


class VersionList(Struct, frozen=True):
    """A page of versions, the newest first."""

    items: tuple[VersionAnswer, ...]
    next_page_token: str | None


async def list_all(call: Call) -> Answer:
    """GET /accounts."""
    asked = call.query(AccountQueryBody)
    if asked.path is not None:
        require_alone(asked, "path")
        found = await call.perform(verbs.read_account_at, asked.path)
        return as_answer(AccountList((_answer(found),), None))
    wanted = AccountQuery(
        folder_id=asked.folder_id,
        type=asked.type,
        tag=asked.tag,
        q=asked.q,
    )
    page = await call.perform(
        verbs.list_accounts, wanted, page_request(asked.page_size, asked.page_token, _ORDER)
    )
    items = tuple(_answer(placed) for placed in page.items)
    return as_answer(AccountList(items, encode_cursor(page.next, _ORDER)))


async def create(call: Call) -> Answer:
    """POST /accounts."""
    body = call.json(AccountNew, _judge)
    wish = _wish(sent(body))
    return await call.change(
        lambda made: as_answer(_answer(made), 201),
        verbs.create_account,
        wish,
        sealed_fields(body.fields),
    )


async def read(call: Call) -> Answer:
    """GET /accounts/{id}."""
    return as_answer(_answer(await call.perform(verbs.read_account, call.path["id"])))


async def edit(call: Call) -> Answer:
    """PATCH /accounts/{id}."""
    body = call.json(AccountEdit, _judge)
    wish = _wish(sent(body))
    return await call.change(
        lambda edited: as_answer(_answer(edited)), verbs.edit_account, call.path["id"], wish
    )


async def delete(call: Call) -> Answer:
    """DELETE /accounts/{id}."""
    return await call.change(done, verbs.delete_account, call.path["id"])


async def versions(call: Call) -> Answer:
    """GET /accounts/{id}/versions."""
    asked = call.query(VersionQueryBody)
    page = page_request(asked.page_size, asked.page_token, _NEWEST, int)
    before = None if page.after is None else int(page.after[0] or 0)
    found = await call.perform(verbs.list_versions, call.path["id"], before, page.size + 1)
    shown = found[: page.size]
    more: Position | None = (shown[-1].n, "") if len(found) > page.size else None
    items = tuple(
        VersionAnswer(v.n, v.field_names, v.created_by, text_of(v.created_at)) for v in shown
    )
    return as_answer(VersionList(items, encode_cursor(more, _NEWEST)))


def sealed_fields(fields: Mapping[str, str]) -> dict[str, Secret]:
    """Return what was sent as values that do not print."""
    return {name: Secret(value) for name, value in fields.items()}


def _judge(given: Mapping[str, Any]) -> list[Any]:
    wrong = _wish(given).wrong()
    return wrong + (wrong_fields(sealed_fields(given["fields"])) if "fields" in given else [])


def _wish(given: Mapping[str, Any]) -> AccountWish:
    return AccountWish(**{name: given[name] for name in AccountWish.__slots__ if name in given})


def _answer(placed: PlacedAccount) -> AccountAnswer:
    account = placed.account
    return AccountAnswer(
        id=account.id,
        folder_id=account.folder_id,
        path=placed.path,
        name=account.name,
        username=account.username,
        target=account.target,
        type=account.type,
        tags=account.tags,
        notes=account.notes,
        version=account.version,
        field_names=account.field_names,
        created_by=account.created_by,
        created_at=text_of(account.created_at),
        modified_at=text_of(account.modified_at),
    )
