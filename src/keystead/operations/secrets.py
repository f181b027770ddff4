"""Verbs about secret values: the main job. Rows S1 and S16; Laws 4 and 6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.core.errors import CheckFailed, NotFound
from keystead.gate.operation import Told, operation
from keystead.operations.accounts import reached_account, reached_at
from keystead.operations.sealing import open_version, seal_version
from keystead.policy.permissions import Permission
from keystead.vault.version import check_and_set, require_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.gate.act import Act
    from keystead.vault.account import Account
    from keystead.vault.version import SealedVersion

__all__ = ["Fetched", "fetch_secret", "fetch_secret_at", "store_secret"]


@dataclass(frozen=True, slots=True)
class Fetched:
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
    account = await reached_account(act, account_id, Permission.SECRETS_READ)
    return await _fetch(act, account, version, field, known_tags)


@operation("secret.read_at", needs=Permission.SECRETS_READ, told=Told.ENTERED, verb="secret.read")
async def fetch_secret_at(
    act: Act,
    path: str,
    version: int | None = None,
    field: str | None = None,
    known_tags: frozenset[str] = frozenset(),
) -> Fetched:
    """Fetch an account's values by its path, such as `ops/databases/orders`; else as `fetch_secret`."""
    account = await reached_at(act, path, Permission.SECRETS_READ)
    return await _fetch(act, account, version, field, known_tags)


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
    n = check_and_set(account.version, expected)
    made = seal_version(act, account_id, n, fields)
    act.about("account", account.id, account.name, version=n)
    if not await act.tx.accounts.add_version(made):
        msg = "somebody else stored a version meanwhile"
        raise CheckFailed(msg)
    return made


async def _fetch(
    act: Act, account: Account, n: int | None, field: str | None, known_tags: frozenset[str]
) -> Fetched:
    number = account.version if n is None else n
    stored = await act.tx.accounts.find_version(account.id, number)
    if stored is None:
        raise NotFound("version")
    if field is not None and field not in stored.field_names:
        raise NotFound("field")
    tag = f"{number}-{account.modified_at:x}"
    unchanged = tag in known_tags
    act.about("account", account.id, account.name, version=number, unchanged=unchanged)
    fields: Mapping[str, Secret] = {} if unchanged else open_version(act, stored)
    if field is not None:
        fields = {name: value for name, value in fields.items() if name == field}
    return Fetched(account.id, number, account.username, fields, stored.created_at, tag, unchanged)
