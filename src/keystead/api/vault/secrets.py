"""Secret values by the native API: the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from keystead.api.instants import text_of
from keystead.api.vault.accounts import Fields, sealed_fields
from keystead.core.secret import Secret
from keystead.operations.vault import secrets as verbs
from keystead.vault.version import wrong_fields
from keystead.web.call import Answer, Call, as_answer
from keystead.web.reveal import as_json, as_text

if TYPE_CHECKING:
    from keystead.operations.vault.secrets import Fetched

__all__ = [
    "SecretQueryBody",
    "SecretStored",
    "SecretValue",
    "SecretWrite",
    "fetch",
    "fetch_at",
    "store",
]

_TEXT: Final = "text/plain"  # `web.sending` adds the charset
_PASSWORD: Final = "password"  # noqa: S105  # the field's name
_VARY: Final = "Accept, Authorization, X-API-Key, authtoken"


class SecretQueryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which version (the newest where none is named), and which field alone."""

    version: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    field: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class SecretValue(Struct, frozen=True):
    """An account's values."""

    account_id: str
    version: int
    username: str
    fields: Annotated[
        dict[str, Secret],
        Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "string"}}),
    ]
    created_at: str | None


class SecretWrite(Struct, forbid_unknown_fields=True, kw_only=True):
    """A new version, which replaces all fields; with `cas` only if that is the newest version."""

    fields: Fields
    cas: Annotated[int, Meta(ge=0, le=2**53)] | None = None


class SecretStored(Struct, frozen=True):
    """The version that was stored."""

    account_id: str
    version: int
    created_at: str | None


async def fetch(call: Call) -> Answer:
    """GET /accounts/{id}/secret."""
    form = _Form.of(call)
    fetched = await call.perform(
        verbs.fetch_secret, call.path["id"], form.version, form.field, form.known_tags
    )
    return _answer(fetched, form)


async def fetch_at(call: Call) -> Answer:
    """GET /secrets/{path}."""
    form = _Form.of(call)
    fetched = await call.perform(
        verbs.fetch_secret_at, call.path["path"], form.version, form.field, form.known_tags
    )
    return _answer(fetched, form)


async def store(call: Call) -> Answer:
    """PUT /accounts/{id}/secret."""
    body = call.json(
        SecretWrite,
        lambda given: wrong_fields(sealed_fields(given["fields"])) if "fields" in given else [],
    )
    return await call.change(
        lambda made: as_answer(SecretStored(made.account_id, made.n, text_of(made.created_at))),
        verbs.store_secret,
        call.path["id"],
        sealed_fields(body.fields),
        body.cas,
    )


class _Form(Struct, frozen=True):
    """In what form the values are wanted, and which states the client has in this form already."""

    version: int | None
    field: str | None
    plain: bool
    known_tags: frozenset[str]

    @classmethod
    def of(cls, call: Call) -> _Form:
        asked = call.query(SecretQueryBody)
        plain = _prefers_text(call.headers.get("accept", ""))
        field = asked.field or (_PASSWORD if plain else None)
        suffix = _suffix(field, plain=plain)
        return cls(asked.version, field, plain, _tags(call.headers.get("if-none-match"), suffix))


def _tags(header: str | None, suffix: str) -> frozenset[str]:
    if not header:
        return frozenset()
    tags = (tag.removeprefix("W/").strip('"') for tag in _listed(header))
    return frozenset(tag.removesuffix(suffix) for tag in tags if tag.endswith(suffix))


def _suffix(field: str | None, *, plain: bool) -> str:
    # Another form of the same version is another representation, with an entity tag of its own.
    return f"-{'t' if plain else 'j'}{field or ''}"


def _answer(fetched: Fetched, form: _Form) -> Answer:
    tag = f'"{fetched.tag}{_suffix(form.field, plain=form.plain)}"'
    headers = {"ETag": tag, "Vary": _VARY}
    if fetched.unchanged:
        return Answer(304, headers=headers)
    if form.plain:
        return Answer(200, as_text(fetched.fields[form.field or _PASSWORD]), _TEXT, headers)
    value = SecretValue(
        fetched.account_id,
        fetched.version,
        fetched.username,
        dict(fetched.fields),
        text_of(fetched.created_at),
    )
    return Answer(200, as_json(value), headers=headers)


def _listed(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


def _prefers_text(accept: str) -> bool:
    """Say whether `text/plain` is asked for by name, and not less than JSON."""
    if not accept:
        return False
    weights = {"text/plain": 0.0, "application/json": 0.0}
    for part in _listed(accept.lower()):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        if media in weights:
            try:
                weights[media] = float(weight)
            except ValueError:
                weights[media] = 0.0
    return weights["text/plain"] > 0 and weights["text/plain"] >= weights["application/json"]
