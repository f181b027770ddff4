"""The organisation's settings by the native API."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from keystead.operations import settings as verbs
from keystead.policy.organisation import BOUNDS, Organisation, Verifications
from keystead.web.call import Answer, Call, as_answer

__all__ = ["SettingsAnswer", "SettingsEdit", "edit", "read"]


def _number(name: str, sentence: str) -> Any:  # noqa: ANN401  # what msgspec annotates with
    low, high = BOUNDS[name]
    return Meta(description=f"{sentence}; {low} to {high}")


Lifetime = Annotated[int, _number("max_lifetime_days", "longest lifetime of a credential, in days")]
Most = Annotated[int, _number("max_networks", "different networks of one credential")]
Tokens = Annotated[
    int,
    _number("max_access_tokens", "live access tokens of one credential, past which the oldest end"),
]

Days = Annotated[
    int, _number("audit_retention_days", "how long the audit is kept at least, in days")
]


class SettingsEdit(Struct, forbid_unknown_fields=True, kw_only=True):
    """Settings to change; null lifts a bound, and those left out stay."""

    max_lifetime_days: Lifetime | UnsetType | None = UNSET
    allow_never: bool | UnsetType = UNSET
    require_networks: bool | UnsetType = UNSET
    require_description: bool | UnsetType = UNSET
    max_networks: Most | UnsetType = UNSET
    require_public_networks: bool | UnsetType = UNSET
    max_access_tokens: Tokens | UnsetType | None = UNSET
    audit_retention_days: Days | UnsetType | None = UNSET
    audit_verifications: Verifications | UnsetType = UNSET


class SettingsAnswer(Struct, frozen=True):
    """The organisation's rules for every credential that is made or changed, and for the audit."""

    max_lifetime_days: int | None
    allow_never: bool
    require_networks: bool
    require_description: bool
    max_networks: int
    require_public_networks: bool
    max_access_tokens: int | None
    audit_retention_days: int | None
    audit_verifications: Verifications


async def read(call: Call) -> Answer:
    """GET /settings."""
    return _answer(await call.perform(verbs.read_settings))


async def edit(call: Call) -> Answer:
    """PATCH /settings."""
    body = call.json(SettingsEdit)
    wanted = {
        name: value
        for name, value in structs.asdict(body).items()
        if not isinstance(value, UnsetType)
    }
    return await call.change(_answer, verbs.edit_settings, wanted)


def _answer(found: Organisation) -> Answer:
    return as_answer(SettingsAnswer(**{name: getattr(found, name) for name in verbs.SETTINGS}))
