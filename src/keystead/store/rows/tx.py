"""One transaction over all nouns, for any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.store.rows.apis import APIRows
from keystead.store.rows.audit import AuditRows
from keystead.store.rows.credentials.access_tokens import AccessTokenRows, AssertionRows
from keystead.store.rows.credentials.credentials import CredentialRows
from keystead.store.rows.credentials.mints import MintRows
from keystead.store.rows.credentials.signing_keys import SigningKeyRows
from keystead.store.rows.credentials.usage import UsageRows
from keystead.store.rows.generation import GenerationRows
from keystead.store.rows.idempotency import IdempotencyRows
from keystead.store.rows.keyring import KeyringRows
from keystead.store.rows.owners.groups import GroupRows
from keystead.store.rows.owners.owners import OwnerRows
from keystead.store.rows.settings import SettingRows
from keystead.store.rows.vault.accounts import AccountRows
from keystead.store.rows.vault.folders import FolderRows

if TYPE_CHECKING:
    from keystead.store.rows.audit import ChainTail
    from keystead.store.rows.statement import Runner

__all__ = ["SQLTx"]


class SQLTx:
    """`ports.store.Tx`: every noun's rows over one runner."""

    def __init__(self, run: Runner, node: int, tail: ChainTail | None = None) -> None:
        """Work on a connection of a node's; with its chain's tail where it may write."""
        self.generation = GenerationRows(run)
        writes = tail is not None
        self.credentials = CredentialRows(run, self.generation, holds=writes)
        self.access_tokens = AccessTokenRows(run, self.generation)
        self.mints = MintRows(run)
        self.usage = UsageRows(run)
        self.assertions = AssertionRows(run)
        self.apis = APIRows(run, self.generation, holds=writes)
        self.owners = OwnerRows(run, self.generation)
        self.groups = GroupRows(run, self.generation)
        self.folders = FolderRows(run, self.generation)
        self.accounts = AccountRows(run, holds=writes)
        self.idempotency = IdempotencyRows(run)
        self.settings = SettingRows(run, self.generation, holds=writes)
        self.signing_keys = SigningKeyRows(run)
        self.keyring = KeyringRows(run, holds=writes)
        self.audit = AuditRows(run, node, tail)
