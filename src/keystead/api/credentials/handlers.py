"""Credentials by the native API."""

from __future__ import annotations

from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from keystead.api.credentials.answers import (
    CredentialList,
    SecretList,
    credential_answer,
    issued_answer,
    key_answers,
    secret_answers,
    summary_answer,
)
from keystead.api.credentials.bodies import (
    CredentialEdit,
    CredentialNew,
    CredentialQueryBody,
    RefreshBody,
    RotationBody,
    SelfRotationBody,
)
from keystead.api.credentials.ends import end_named, read_end
from keystead.api.credentials.naming import naming
from keystead.api.credentials.wishes import WishSent
from keystead.api.instants import Instants
from keystead.core.errors import FieldError
from keystead.credentials.kind import wrong_kind
from keystead.credentials.rotation import Rotation
from keystead.operations.credentials import credentials as verbs
from keystead.operations.credentials import rotation
from keystead.ports.credentials import CredentialQuery
from keystead.web.bodies import sent
from keystead.web.call import Answer, Call, as_answer, done
from keystead.web.query import encode_cursor, page_request
from keystead.web.reveal import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.operations.credentials.issuing import Issued
    from keystead.ports.credentials import Listed

__all__ = [
    "create",
    "delete",
    "disable",
    "edit",
    "enable",
    "list_all",
    "read",
    "refresh",
    "revoke",
    "revoke_self",
    "rotate",
    "rotate_self",
    "secrets",
    "summary",
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
    kinds = _KINDS[asked.sort.removeprefix("-")]
    place = instants.beside(
        lambda: page_request(asked.page_size, asked.page_token, asked.sort, *kinds)
    )
    wanted = CredentialQuery(
        at=call.at,
        kind=asked.kind,
        type=asked.type,
        state=asked.state,
        owner_id=asked.owner,
        q=asked.q,
        expires_before=expires_before,
        last_used_before=last_used_before,
        sort=asked.sort,
    )
    page = await call.perform(verbs.list_credentials, wanted, place)
    items = tuple(credential_answer(listed, call.at) for listed in page.items)
    return as_answer(CredentialList(items, encode_cursor(page.next, asked.sort)))


async def summary(call: Call) -> Answer:
    """GET /credentials/summary."""
    return as_answer(summary_answer(await call.perform(verbs.summarise_credentials)))


async def create(call: Call) -> Answer:
    """POST /credentials."""
    body = call.json(CredentialNew, lambda given: _wrong_new(given, call.at))
    asked = WishSent.read(sent(body), call.at)
    asked.require_read(call.at)
    with naming(asked.as_sent):
        return await call.change(
            lambda issued: _issued(call, issued, 201),
            verbs.create_credential,
            body.kind,
            body.type,
            body.owner_id,
            asked.wish,
        )


async def read(call: Call) -> Answer:
    """GET /credentials/{id}."""
    return _credential(call, await call.perform(verbs.read_credential, call.path["id"]))


async def edit(call: Call) -> Answer:
    """PATCH /credentials/{id}."""
    body = call.json(CredentialEdit, lambda given: WishSent.read(given, call.at).wrong(call.at))
    asked = WishSent.read(sent(body), call.at)
    asked.require_read(call.at)
    with naming(asked.as_sent):
        return await call.change(
            partial(_credential, call), verbs.edit_credential, call.path["id"], asked.wish
        )


async def delete(call: Call) -> Answer:
    """DELETE /credentials/{id}."""
    return await call.change(done, verbs.delete_credential, call.path["id"])


async def rotate(call: Call) -> Answer:
    """POST /credentials/{id}/rotate."""
    body = (
        call.json(RotationBody, lambda given: _wrong_end(given, call.at))
        if call.body
        else RotationBody()
    )
    given, instants = sent(body), Instants()
    expires_at = read_end(given, call.at, instants)
    instants.require()
    with naming(partial(end_named, given)):
        return await call.change(
            lambda issued: _issued(call, issued, 200),
            rotation.rotate_credential,
            call.path["id"],
            Rotation(
                overlap_seconds=body.overlap_seconds,
                revoke_after_first_use=body.revoke_after_first_use,
                expires_at=expires_at,
                end_access_tokens=body.end_access_tokens,
                public_jwks=body.public_jwks,
            ),
        )


async def refresh(call: Call) -> Answer:
    """POST /credentials/{id}/refresh."""
    body = call.json(RefreshBody) if call.body else RefreshBody()
    return await call.change(
        lambda issued: _issued(call, issued, 200),
        rotation.refresh_credential,
        call.path["id"],
        Rotation(
            overlap_seconds=body.overlap_seconds,
            revoke_after_first_use=body.revoke_after_first_use,
        ),
    )


async def revoke(call: Call) -> Answer:
    """POST /credentials/{id}/revoke."""
    return await call.change(partial(_credential, call), verbs.revoke_credential, call.path["id"])


async def disable(call: Call) -> Answer:
    """POST /credentials/{id}/disable."""
    return await call.change(partial(_credential, call), verbs.disable_credential, call.path["id"])


async def enable(call: Call) -> Answer:
    """POST /credentials/{id}/enable."""
    return await call.change(partial(_credential, call), verbs.enable_credential, call.path["id"])


async def secrets(call: Call) -> Answer:
    """GET /credentials/{id}/secrets."""
    listed = await call.perform(verbs.read_credential, call.path["id"])
    return as_answer(SecretList(secret_answers(listed, call.at), key_answers(listed)))


async def rotate_self(call: Call) -> Answer:
    """POST /self/rotate."""
    body = call.json(SelfRotationBody) if call.body else SelfRotationBody()
    return await call.change(
        lambda issued: _issued(call, issued, 200),
        rotation.rotate_self,
        Rotation(
            overlap_seconds=body.overlap_seconds,
            revoke_after_first_use=body.revoke_after_first_use,
            end_access_tokens=body.end_access_tokens,
        ),
    )


async def revoke_self(call: Call) -> Answer:
    """POST /self/revoke."""
    return await call.change(done, verbs.revoke_self)


def _credential(call: Call, listed: Listed) -> Answer:
    return as_answer(credential_answer(listed, call.at))


def _issued(call: Call, issued: Issued, status: int) -> Answer:
    return Answer(status, as_json(issued_answer(issued, call.at)))


def _wrong_new(given: Mapping[str, Any], at: Instant) -> list[FieldError]:
    wrong = WishSent.read(given, at).wrong(at)
    if not given.keys() & {"expires_at", "expires_in"}:
        wrong.append(FieldError("expires_at", "is required"))
    if "kind" in given:
        wrong += wrong_kind(given["kind"], given.get("type", "static"))
    return wrong


def _wrong_end(given: Mapping[str, Any], at: Instant) -> list[FieldError]:
    instants = Instants()
    read_end(given, at, instants)
    return instants.wrong
