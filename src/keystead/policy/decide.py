"""The decision: one pure function that every door and `explain` ask.

Order: the secret and the credential are good now; the owner is; the network is; the channel is; then the
permission × kind table, the owner's roles, and last the credential's scopes. What remains, whether the
object is theirs, is decided where the object is found (`roles.folder_allows`, `roles.owners_where`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from keystead.policy.permissions import BEARERS, KINDS_FOR, Permission
from keystead.policy.restrictions import Circumstance, Denial
from keystead.policy.roles import may

if TYPE_CHECKING:
    from keystead.core.arrival import Address
    from keystead.core.clock import Instant
    from keystead.policy.restrictions import Restriction
    from keystead.policy.roles import Role

__all__ = ["Question", "Subject", "check_permitted", "check_usable", "decide", "permitted"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules know of a recognised credential and its owner.

    Attributes:
        kind: the credential's kind.
        owner_active: the owner is neither disabled nor gone.
        roles: the owner's roles now.
        bounds: the credential's restrictions, the gravest first.
        scopes: what it holds on the API that is asked about, levels already expanded.
        key_admin: it manages keys and nothing else.
    """

    kind: str
    owner_active: bool
    roles: frozenset[Role]
    bounds: tuple[Restriction, ...]
    scopes: frozenset[str]
    key_admin: bool = False


class Question(Struct, frozen=True):
    """May it do this, now, from there?

    Attributes:
        permission: what is asked; None where any good credential may.
        at: the instant of the use.
        address: the client's address; None where nobody could say.
        exposed: it came in the clear from beyond loopback.
        kinds: which kinds of credential may ask for it at all; the permission may leave fewer.
        key_admins: a credential that manages keys and nothing else may ask for it too.
    """

    permission: Permission | None
    at: Instant
    address: Address | None
    exposed: bool = False
    kinds: frozenset[str] = BEARERS
    key_admins: bool = False


_OWNER_DISABLED = Denial(
    "unauthenticated", "owner_disabled", "the owner of this credential is disabled", "owner"
)
_WRONG_KIND = Denial(
    "forbidden",
    "insufficient_scope",
    "this kind of credential cannot be used for it",
    "kind",
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
    denial = check_usable(subject, Circumstance(question.at, question.address))
    if denial is not None:
        return denial
    if question.exposed:
        return _TLS_REQUIRED
    if subject.kind not in question.kinds or (subject.key_admin and not question.key_admins):
        return _WRONG_KIND
    return None if question.permission is None else check_permitted(subject, question.permission)


def check_permitted(subject: Subject, wanted: Permission) -> Denial | None:
    """Return the first denial of a permission on Keystead's own API, or None: all three hold it."""
    if subject.kind not in KINDS_FOR[wanted]:
        return _lacks(wanted, "kind", "this kind of credential cannot be used for it")
    if not may(subject.roles, wanted):
        return _lacks(wanted, "role", "the owner's roles do not allow it")
    if wanted not in subject.scopes:
        return _lacks(wanted, "scope", "the credential does not hold this scope")
    return None


@lru_cache(maxsize=1024)
def permitted(kind: str, roles: frozenset[Role], scopes: frozenset[str]) -> frozenset[str]:
    """Return those scopes of Keystead's own API that `check_permitted` has nothing against."""
    return frozenset(
        wanted
        for wanted in map(Permission, scopes)
        if kind in KINDS_FOR[wanted] and may(roles, wanted)
    )


def check_usable(subject: Subject, use: Circumstance) -> Denial | None:
    """Return the first denial of the credential itself, or None: it and its owner are good now, from there.

    What it may do is another question: `decide` answers it for Keystead's own API.
    """
    for bound in subject.bounds:
        if (denial := bound.check(use)) is not None:
            return denial
    return None if subject.owner_active else _OWNER_DISABLED


def _lacks(wanted: Permission, rule: str, why: str) -> Denial:
    return Denial("forbidden", "insufficient_scope", f"{wanted} is needed: {why}", rule)
