"""The audit's chains, read whole from one snapshot beside a running server."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from keystead.audit.export import beginning, closing, lines, opening
from keystead.audit.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keystead.audit.chain import SignedHead
    from keystead.audit.export import Form
    from keystead.audit.findings import Report
    from keystead.crypto.keyring import AuditKey
    from keystead.store.engine import Engine

__all__ = ["export_chains", "newest_checkpoints", "verify_chains"]

_BATCH: Final = 5_000


def verify_chains(
    engine: Engine, key: AuditKey, checkpoints: Iterable[SignedHead] = ()
) -> list[Report]:
    """Read every node's chain and say what is wrong with it; one report a chain, by node.

    Each chain is read from where retention has cut it. It has to pass through its exported checkpoints and
    through what other chains have joined of it; a chain that is gone has not.
    """
    with engine.chains() as chains:
        verification = Verification(key, checkpoints, chains.cuts().values())
        for chain in chains:
            while batch := list(islice(chain.entries, _BATCH)):
                verification.feed(chain.node, batch)
                verification.answer(chains.digests(verification.asked()))
            verification.end(chain.node, chain.head)
    return verification.reports()


def export_chains(engine: Engine, write: Callable[[bytes], None], form: Form) -> int:
    """Write every entry as a line of `jsonl` (a signed head behind each chain) or `csv`; return how many.

    A chain that retention has cut begins behind that.
    """
    count = 0
    write(opening(form))
    with engine.chains() as chains:
        cuts = chains.cuts()
        for chain in chains:
            cut = cuts.get(chain.node)
            write(beginning(form, cut))
            # What was cut off may not be deleted yet.
            entries = (entry for entry in chain.entries if cut is None or entry.n > cut.n)
            for line in lines(form, entries):
                write(line)
                count += 1
            write(closing(form, chain.head))
    return count


def newest_checkpoints(engine: Engine) -> list[SignedHead | None]:
    """Return each chain's signed head, to be kept elsewhere; None where the database has lost it."""
    with engine.chains() as chains:
        return [chain.head for chain in chains]
