"""One transaction over all nouns, for any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.store.accounts import AccountRows
from keystead.store.audit import AuditRows
from keystead.store.credentials import CredentialRows
from keystead.store.folders import FolderRows
from keystead.store.generation import GenerationRows
from keystead.store.owners import OwnerRows

if TYPE_CHECKING:
    from keystead.store.audit import ChainTail
    from keystead.store.statement import Runner

__all__ = ["SQLTx"]


class SQLTx:
    """`ports.store.Tx`: every noun's rows over one runner."""

    def __init__(self, run: Runner, tail: ChainTail | None = None) -> None:
        """Work on a connection; with a chain's tail where it may write."""
        self.credentials = CredentialRows(run)
        self.owners = OwnerRows(run)
        self.folders = FolderRows(run)
        self.accounts = AccountRows(run)
        self.audit = AuditRows(run, tail)
        self.generation = GenerationRows(run)
