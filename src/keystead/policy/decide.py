"""The decision: one pure function that every door and `explain` ask.

Order: the secret and the credential are good now; the owner is; the network is; the channel is; then the
permission × kind table, the owner's roles, and last the credential's scopes. What remains, whether the
object is theirs, is decided where the object is found (`roles.folder_allows`, `roles.owners_where`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.policy.permissions import KINDS_FOR, Permission
from keystead.policy.restrictions import Circumstance, Denial
from keystead.policy.roles import may

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.core.clock import Instant
    from keystead.policy.restrictions import Restriction
    from keystead.policy.roles import Role

__all__ = ["Question", "Subject", "decide"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules know of a recognised credential and its owner.

    Attributes:
        kind: the credential's kind.
        owner_active: the owner is neither disabled nor gone.
        roles: the owner's roles now.
        bounds: the credential's restrictions, the gravest first.
        scopes: what it holds on the API that is asked about, levels already expanded.
    """

    kind: str
    owner_active: bool
    roles: frozenset[Role]
    bounds: tuple[Restriction, ...]
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Question:
    """May it do this, now, from there?

    Attributes:
        permission: what is asked; None where any good credential may.
        at: the instant of the use.
        address: the client's address; None where nobody could say.
        exposed: it came in the clear from beyond loopback.
    """

    permission: Permission | None
    at: Instant
    address: Address | None
    exposed: bool = False


_OWNER_DISABLED = Denial(
    "unauthenticated", "owner_disabled", "the owner of this credential is disabled", "owner"
)
_TLS_REQUIRED = Denial(
    "forbidden",
    "tls_required",
    "a credential is not accepted over an unencrypted connection; it was exposed, rotate it",
    "channel",
)


def decide(subject: Subject, question: Question) -> Denial | None:
    """Return the first denial, or None: allowed.

    A credential never exceeds its owner (Law 1): roles and scopes must both hold the permission.
    """
    use = Circumstance(question.at, question.address)
    for bound in subject.bounds:
        if (denial := bound.check(use)) is not None:
            return denial
    if not subject.owner_active:
        return _OWNER_DISABLED
    if question.exposed:
        return _TLS_REQUIRED
    wanted = question.permission
    if wanted is None:
        return None
    if subject.kind not in KINDS_FOR[wanted]:
        return _lacks(wanted, "kind", "this kind of credential cannot be used for it")
    if not may(subject.roles, wanted):
        return _lacks(wanted, "role", "the owner's roles do not allow it")
    if wanted not in subject.scopes:
        return _lacks(wanted, "scope", "the credential does not hold this scope")
    return None


def _lacks(wanted: Permission, rule: str, why: str) -> Denial:
    return Denial("forbidden", "insufficient_scope", f"{wanted} is needed: {why}", rule)
