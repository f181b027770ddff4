"""Audit entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from keystead_client.records.common import Raw

__all__ = [
    "ChainHead",
    "ChainReport",
    "Event",
    "EventActor",
    "EventObject",
    "Finding",
    "Verification",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventActor:
    """Who acted, by which credential and of which kind; ids are empty for the server itself."""

    owner_id: str = ""
    credential_id: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventObject:
    """What was acted upon."""

    type: str
    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the audit; each node counts its own by `n`, without gaps.

    `decision` is `allowed`, `refused`, or `summary` (of refusals too many to be entered singly);
    `asserted_by` says who vouches for the address, `facts` what else belongs to the act.
    """

    id: str
    node: int = 0
    n: int
    at: datetime
    actor: EventActor
    verb: str
    object: EventObject | None
    decision: str
    code: str = ""
    rule: str = ""
    address: str = ""
    asserted_by: str = ""
    agent: str = ""
    request_id: str = ""
    facts: Raw
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a chain, and at which entry."""

    n: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """A chain's last entry: its number, and its digest in hexadecimal."""

    n: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What a verification found in one node's chain; `unlisted` counts findings beyond those listed.

    `begins` is the first entry's number, above 1 where retention has cut off those before it, at `cut_at`.
    `notes` say what cannot be compared any more by that.
    """

    node: int
    intact: bool
    entries: int
    head: ChainHead
    findings: tuple[Finding, ...]
    unlisted: int = 0
    begins: int = 1
    cut_at: datetime | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification found, chain by chain: each node has one."""

    intact: bool
    chains: tuple[ChainReport, ...]
    raw: Raw = field(repr=False, compare=False)
