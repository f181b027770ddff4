"""What a verification finds, and how it reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from keystead.audit.chain import Head
    from keystead.core.clock import Instant

__all__ = ["MOST_FINDINGS", "Finding", "Report"]

MOST_FINDINGS: Final = 100
"""The first so many findings are listed; the others are counted."""


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        n: the entry it was found at.
        what: one sentence.
    """

    n: int
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    Attributes:
        entries: how many entries were read.
        head: the chain's node, its last entry's number and digest.
        findings: what is wrong, by entry; the first `MOST_FINDINGS` of it.
        unlisted: how many findings there were besides.
        begins: the first entry's number; above 1 where those before it were cut off by retention.
        cut_at: when that was; None where nothing was cut, or the entry that says so was not read.
        notes: what could not be compared, because it was cut off; nothing is wrong by it.
    """

    entries: int
    head: Head
    findings: tuple[Finding, ...]
    unlisted: int = 0
    begins: int = 1
    cut_at: Instant | None = None
    notes: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings
