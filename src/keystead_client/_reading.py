"""From JSON to records, one function a record."""

from __future__ import annotations

from keystead_client import records
from keystead_client._fields import Fields
from keystead_client._secret import Secret

__all__ = [
    "account",
    "credential",
    "event",
    "folder",
    "issued",
    "owner",
    "secret_state",
    "secret_value",
    "version",
    "whoami",
    "written",
]


def _ref(fields: Fields) -> records.Ref:
    return records.Ref(fields.text("id"), fields.text("kind"), fields.text("name"))


def _access(fields: Fields) -> records.Access:
    return records.Access(fields.text("api"), fields.texts("scopes"), fields.text_map("levels"))


def _network(fields: Fields) -> records.Network:
    return records.Network(fields.text("text"), fields.text("interpreted"))


def _last_use(fields: Fields) -> records.LastUse:
    return records.LastUse(
        at=fields.instant("at"),
        address=fields.text_or("address", ""),
        agent=fields.text_or("agent", ""),
        uses=fields.number("uses"),
    )


def secret_state(fields: Fields) -> records.SecretState:
    """Read one secret's facts."""
    return records.SecretState(
        n=fields.number("n"),
        state=fields.text("state"),
        created_at=fields.instant("created_at"),
        retires_at=fields.instant_or_none("retires_at"),
        last_used=fields.one_or_none("last_used", _last_use),
        raw=fields.raw,
    )


def credential(fields: Fields) -> records.Credential:
    """Read a credential's facts."""
    return records.Credential(
        id=fields.text("id"),
        public_id=fields.text("public_id"),
        kind=fields.text("kind"),
        type=fields.text("type"),
        name=fields.text("name"),
        description=fields.text_or("description", ""),
        owner=fields.one("owner", _ref),
        created_by=fields.text_or("created_by", ""),
        created_at=fields.instant("created_at"),
        state=fields.text("state"),
        access=fields.each("access", _access),
        networks=fields.each("networks", _network),
        expires_at=fields.instant_or_none("expires_at"),
        not_before=fields.instant_or_none("not_before"),
        metadata=fields.text_map("metadata"),
        last_used=fields.one_or_none("last_used", _last_use),
        secrets=fields.each("secrets", secret_state),
        raw=fields.raw,
    )


def issued(fields: Fields) -> records.Issued:
    """Read a credential and its new secret."""
    return records.Issued(fields.one("credential", credential), Secret(fields.text("secret")))


def whoami(fields: Fields) -> records.WhoAmI:
    """Read who the caller is."""
    return records.WhoAmI(
        owner=fields.one("owner", _ref),
        credential=fields.one("credential", _ref),
        scopes=fields.texts("scopes"),
        expires_at=fields.instant_or_none("expires_at"),
        address=fields.text_or("address", ""),
        raw=fields.raw,
    )


def owner(fields: Fields) -> records.Owner:
    """Read a user or an application."""
    return records.Owner(
        id=fields.text("id"),
        kind=fields.text("kind"),
        name=fields.text("name"),
        login=fields.text_or("login", None),
        email=fields.text_or("email", ""),
        roles=fields.texts("roles"),
        state=fields.text("state"),
        managed_by=fields.text_or("managed_by", None),
        created_at=fields.instant("created_at"),
        raw=fields.raw,
    )


def _grant(fields: Fields) -> records.Grant:
    return records.Grant(fields.text("owner_id"), fields.text("right"))


def folder(fields: Fields) -> records.Folder:
    """Read a folder."""
    return records.Folder(
        id=fields.text("id"),
        name=fields.text("name"),
        path=fields.text("path"),
        parent_id=fields.text_or("parent_id", None),
        grants=fields.each("grants", _grant),
        created_at=fields.instant("created_at"),
        raw=fields.raw,
    )


def account(fields: Fields) -> records.Account:
    """Read an account's facts."""
    return records.Account(
        id=fields.text("id"),
        folder_id=fields.text("folder_id"),
        path=fields.text("path"),
        name=fields.text("name"),
        username=fields.text_or("username", ""),
        target=fields.text_or("target", ""),
        type=fields.text_or("type", ""),
        tags=fields.texts("tags"),
        notes=fields.text_or("notes", ""),
        version=fields.number("version"),
        field_names=fields.texts("field_names"),
        created_at=fields.instant("created_at"),
        raw=fields.raw,
    )


def version(fields: Fields) -> records.Version:
    """Read a version's facts."""
    return records.Version(
        n=fields.number("n"),
        created_at=fields.instant("created_at"),
        created_by=fields.text_or("created_by", ""),
        field_names=fields.texts("field_names"),
        raw=fields.raw,
    )


def secret_value(fields: Fields) -> records.SecretValue:
    """Read a version's value."""
    values = fields.text_map("fields")
    return records.SecretValue(
        account_id=fields.text("account_id"),
        version=fields.number("version"),
        username=fields.text_or("username", ""),
        fields={name: Secret(value) for name, value in values.items()},
        created_at=fields.instant("created_at"),
    )


def written(fields: Fields) -> records.Written:
    """Read that a version was kept."""
    return records.Written(
        account_id=fields.text("account_id"),
        version=fields.number("version"),
        created_at=fields.instant("created_at"),
        raw=fields.raw,
    )


def _actor(fields: Fields) -> records.EventActor:
    return records.EventActor(
        owner_id=fields.text_or("owner_id", ""),
        credential_id=fields.text_or("credential_id", ""),
        kind=fields.text_or("kind", ""),
    )


def _object(fields: Fields) -> records.EventObject:
    return records.EventObject(
        type=fields.text("type"), id=fields.text_or("id", ""), name=fields.text_or("name", "")
    )


def event(fields: Fields) -> records.Event:
    """Read an audit entry."""
    return records.Event(
        id=fields.text("id"),
        n=fields.number("n"),
        at=fields.instant("at"),
        actor=fields.one("actor", _actor),
        verb=fields.text("verb"),
        object=fields.one_or_none("object", _object),
        decision=fields.text("decision"),
        code=fields.text_or("code", ""),
        rule=fields.text_or("rule", ""),
        address=fields.text_or("address", ""),
        asserted_by=fields.text_or("asserted_by", ""),
        agent=fields.text_or("agent", ""),
        request_id=fields.text_or("request_id", ""),
        raw=fields.raw,
    )
