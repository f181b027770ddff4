"""Credentials by the native API."""

from __future__ import annotations

import re
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, UnsetType

from keystead.api.credential_shapes import (
    AccessBody,
    CredentialEdit,
    CredentialList,
    CredentialNew,
    CredentialQueryBody,
    RotationBody,
    SecretList,
    SelfRotationBody,
    credential_answer,
    issued_answer,
    secret_answers,
)
from keystead.api.instants import Instants
from keystead.core.errors import FieldError, Invalid
from keystead.credentials.wish import CredentialWish
from keystead.operations import credentials as verbs
from keystead.policy.permissions import KEYSTEAD_API
from keystead.policy.scopes import Access
from keystead.ports.credentials import CredentialQuery
from keystead.web.call import Answer, Call, as_answer
from keystead.web.query import encode_cursor, page_request
from keystead.web.reveal import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.operations.credentials import Issued
    from keystead.ports.credentials import Listed

__all__ = [
    "create",
    "delete",
    "disable",
    "edit",
    "enable",
    "list_all",
    "read",
    "revoke",
    "revoke_self",
    "rotate",
    "rotate_self",
    "secrets",
]

_KINDS: Final = {"name": (str,), "created_at": (int,), "expires_at": (int, NoneType)}
"""What a cursor's value is, by the order it belongs to."""


async def list_all(call: Call) -> Answer:
    """GET /credentials."""
    asked = call.query(CredentialQueryBody)
    instants = Instants()
    given = {"expires_before": asked.expires_before, "last_used_before": asked.last_used_before}
    expires_before = instants.bound(given, "expires_before")
    last_used_before = instants.bound(given, "last_used_before")
    instants.require()
    wanted = CredentialQuery(
        visible=frozenset(),
        at=call.arrival.at,
        kind=asked.kind,
        state=asked.state,
        owner_id=asked.owner,
        q=asked.q,
        expires_before=expires_before,
        last_used_before=last_used_before,
        sort=asked.sort,
    )
    page = await call.perform(
        verbs.list_credentials,
        wanted,
        page_request(
            asked.page_size, asked.page_token, asked.sort, *_KINDS[asked.sort.removeprefix("-")]
        ),
    )
    items = tuple(credential_answer(listed, call.arrival.at) for listed in page.items)
    return as_answer(CredentialList(items, encode_cursor(page.next, asked.sort)))


async def create(call: Call) -> Answer:
    """POST /credentials."""
    body = call.json(CredentialNew, lambda given: _wish(call, given)[1])
    wish, wrong = _wish(call, _sent(body))
    if wrong:
        raise Invalid("some fields are wrong", *wrong)
    issued = await call.perform(verbs.create_credential, body.kind, body.type, body.owner_id, wish)
    return _issued(call, issued, 201)


async def read(call: Call) -> Answer:
    """GET /credentials/{id}."""
    return _credential(call, await call.perform(verbs.read_credential, call.path["id"]))


async def edit(call: Call) -> Answer:
    """PATCH /credentials/{id}."""
    body = call.json(CredentialEdit, lambda given: _wish(call, given)[1])
    wish, wrong = _wish(call, _sent(body))
    if wrong:
        raise Invalid("some fields are wrong", *wrong)
    return _credential(call, await call.perform(verbs.edit_credential, call.path["id"], wish))


async def delete(call: Call) -> Answer:
    """DELETE /credentials/{id}."""
    await call.perform(verbs.delete_credential, call.path["id"])
    return Answer(204)


async def rotate(call: Call) -> Answer:
    """POST /credentials/{id}/rotate."""
    body = call.json(RotationBody) if call.body else RotationBody()
    instants = Instants()
    expires_at = instants.read(_sent(body), "expires_at")
    instants.require()
    issued = await call.perform(
        verbs.rotate_credential, call.path["id"], body.overlap_seconds, expires_at
    )
    return _issued(call, issued, 200)


async def revoke(call: Call) -> Answer:
    """POST /credentials/{id}/revoke."""
    return _credential(call, await call.perform(verbs.revoke_credential, call.path["id"]))


async def disable(call: Call) -> Answer:
    """POST /credentials/{id}/disable."""
    return _credential(call, await call.perform(verbs.disable_credential, call.path["id"]))


async def enable(call: Call) -> Answer:
    """POST /credentials/{id}/enable."""
    return _credential(call, await call.perform(verbs.enable_credential, call.path["id"]))


async def secrets(call: Call) -> Answer:
    """GET /credentials/{id}/secrets."""
    listed = await call.perform(verbs.read_credential, call.path["id"])
    return as_answer(SecretList(secret_answers(listed, call.arrival.at)))


async def rotate_self(call: Call) -> Answer:
    """POST /self/rotate."""
    body = call.json(SelfRotationBody) if call.body else SelfRotationBody()
    return _issued(call, await call.perform(verbs.rotate_self, body.overlap_seconds), 200)


async def revoke_self(call: Call) -> Answer:
    """POST /self/revoke."""
    await call.perform(verbs.revoke_self)
    return Answer(204)


def _credential(call: Call, listed: Listed) -> Answer:
    return as_answer(credential_answer(listed, call.arrival.at))


def _issued(call: Call, issued: Issued, status: int) -> Answer:
    return Answer(status, as_json(issued_answer(issued, call.arrival.at)))


def _sent(body: CredentialNew | CredentialEdit | RotationBody) -> dict[str, Any]:
    return {
        name: getattr(body, name)
        for name in body.__struct_fields__
        if not isinstance(getattr(body, name), UnsetType)
    }


def _wish(call: Call, given: Mapping[str, Any]) -> tuple[CredentialWish, list[FieldError]]:
    """Return the wish in what was sent, or in as much of it as could be decoded, and all its faults."""
    instants = Instants()
    access, short = _access(given)
    wish = CredentialWish(
        name=given.get("name", UNSET),
        description=given.get("description", UNSET),
        access=access,
        networks=given.get("networks", UNSET),
        expires_at=instants.read(given, "expires_at"),
        not_before=instants.read(given, "not_before"),
        metadata=given.get("metadata", UNSET),
    )
    wrong = [*instants.wrong, *(_as_sent(error, short) for error in wish.wrong(call.arrival.at))]
    return wish, wrong


def _access(given: Mapping[str, Any]) -> tuple[tuple[Access, ...] | UnsetType, int | None]:
    """Return the access asked for, and the place of the entry that `scopes` and `levels` became."""
    entries: tuple[AccessBody, ...] = given.get("access", ())
    access = [Access(e.api, tuple(e.scopes), dict(e.levels)) for e in entries]
    if "scopes" in given or "levels" in given:
        own = Access(KEYSTEAD_API, tuple(given.get("scopes", ())), dict(given.get("levels", {})))
        return (*access, own), len(access)
    return (tuple(access) if "access" in given else UNSET), None


def _as_sent(error: FieldError, short: int | None) -> FieldError:
    """Name the field as it was sent: `scopes[0]`, not the `access[0].scopes[0]` it became."""
    if short is None:
        return error
    if error.field == "access":
        return FieldError("scopes", error.message)
    return FieldError(re.sub(rf"^access\[{short}\]\.", "", error.field), error.message)
