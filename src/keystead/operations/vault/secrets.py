"""Verbs about secret values: the main job. Rows S1 and S16; Laws 4 and 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from keystead.core.errors import CheckFailed, NotFound
from keystead.gate.acts.operation import Told, operation
from keystead.operations.vault.accounts import (
    about_account,
    place_of,
    reached_account,
    require_reached,
)
from keystead.operations.vault.sealing import open_version, seal_version
from keystead.policy.permissions import Permission
from keystead.vault.version import next_number, require_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.vault.account import Account
    from keystead.vault.version import SealedVersion

__all__ = ["Fetched", "fetch_secret", "fetch_secret_at", "store_secret"]


class Fetched(Struct, frozen=True):
    """An opened version.

    Attributes:
        fields: the values; empty where the caller has this very state already.
        tag: changes whenever the answer would; for conditional fetches.
        unchanged: the caller named this tag as the one he has.
    """

    account_id: str
    version: int
    username: str
    fields: Mapping[str, Secret]
    created_at: Instant
    tag: str
    unchanged: bool = False


@operation("secret.read", needs=Permission.SECRETS_READ, told=Told.ENTERED)
async def fetch_secret(
    act: Act,
    account_id: str,
    version: int | None = None,
    field: str | None = None,
    known_tags: frozenset[str] = frozenset(),
) -> Fetched:
    """Fetch an account's values by its id.

    Args:
        act: the act in progress.
        account_id: `acct_…`.
        version: None for the newest.
        field: only this one.
        known_tags: states the caller has already; no value is opened for one of them.

    Raises:
        NotFound: no such account, version or field, or no right to it.
    """
    act.seek("account", account_id)
    found = await act.tx.accounts.fetch(account_id, version)
    return _opened(act, found, field, known_tags)


@operation("secret.read_at", needs=Permission.SECRETS_READ, told=Told.ENTERED, verb="secret.read")
async def fetch_secret_at(
    act: Act,
    path: str,
    version: int | None = None,
    field: str | None = None,
    known_tags: frozenset[str] = frozenset(),
) -> Fetched:
    """Fetch an account's values by its path, such as `ops/databases/orders`; else as `fetch_secret`."""
    act.seek("account", path)
    folder_id, name = place_of(act, path)
    found = await act.tx.accounts.fetch_in(folder_id, name, version) if folder_id else None
    return _opened(act, found, field, known_tags)


@operation("secret.write", needs=Permission.SECRETS_WRITE, told=Told.ENTERED)
async def store_secret(
    act: Act, account_id: str, fields: Mapping[str, Secret], expected: int | None
) -> SealedVersion:
    """Store a new version, which replaces all fields.

    Args:
        act: the act in progress.
        account_id: `acct_…`.
        fields: names and values, at least one.
        expected: the version believed to be the newest; None where the writer does not care.

    Raises:
        CheckFailed: it is not the newest.
        Invalid: a field is wrong.
    """
    account = await reached_account(act, account_id, Permission.SECRETS_WRITE)
    require_fields(fields)
    n = next_number(account.version, expected)
    made = seal_version(act, account_id, n, fields)
    about_account(act, account, version=n)
    if not await act.tx.accounts.add_version(made):
        msg = "somebody else stored a version meanwhile"
        raise CheckFailed(msg)
    return made


def _opened(
    act: Act,
    found: tuple[Account, SealedVersion | None] | None,
    field: str | None,
    known_tags: frozenset[str],
) -> Fetched:
    account = require_reached(act, found and found[0], Permission.SECRETS_READ)
    stored = found and found[1]
    if stored is None:
        raise NotFound("version")
    if field is not None and field not in stored.field_names:
        raise NotFound("field")
    number = stored.n
    tag = f"{number}-{account.modified_at:x}"
    unchanged = tag in known_tags
    about_account(act, account, version=number, unchanged=unchanged)
    fields: Mapping[str, Secret] = {} if unchanged else open_version(act, stored)
    if field is not None:
        fields = {name: value for name, value in fields.items() if name == field}
    return Fetched(account.id, number, account.username, fields, stored.created_at, tag, unchanged)
