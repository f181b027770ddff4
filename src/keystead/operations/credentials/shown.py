"""What an API was shown and asks about: whose it is, whether it is good, and what is told of that.

Verification and introspection ask the same way. What is allowed is counted as a use of the credential that
was shown, and entered too where the organisation wants it; a refusal is counted, and entered under its name.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from keystead.audit.event import ObjectRef
from keystead.core.actor import Actor
from keystead.core.arrival import Presented
from keystead.crypto.token_format import without_tokens
from keystead.gate.acts.act import Seen
from keystead.gate.callers.caller import subject_of
from keystead.gate.callers.limited import count_use
from keystead.gate.callers.schemes import Verified, recognise
from keystead.gate.events import allowed_event, refused_event
from keystead.policy.decide import check_usable
from keystead.policy.permissions import KEYSTEAD_API
from keystead.policy.restrictions import Circumstance
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.core.arrival import Address, Arrival
    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.gate.events import Fact
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.restrictions import Denial
    from keystead.ports.credentials import Known

__all__ = [
    "apis_verified_by",
    "check_good",
    "count_shown",
    "note_allowed",
    "note_refused",
    "shown_to",
]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


async def shown_to(act: Act, token: Secret) -> Known | None:
    """Return what a token belongs to that somebody asks about or ends; None where it is nobody's."""
    shown = Presented(token, "shown")
    outcome = await recognise(shown, act.keyring.digester, act.recall, act.at)
    return outcome.known if isinstance(outcome, Verified) else None


def apis_verified_by(act: Act) -> tuple[API, ...]:
    """Return the APIs that the caller may verify for; administrators may for Keystead's own."""
    found = act.caller.apis.verified_by(act.caller.owner_id)
    own = act.caller.apis.find(KEYSTEAD_API)
    if own is not None and Role.ADMINISTRATOR in act.caller.roles:
        return (*found, own)
    return found


def check_good(act: Act, known: Known, address: Address | None) -> Denial | None:
    """Return the denial of what was shown, or None: it and its owner are good now, from there."""
    return check_usable(subject_of(known), Circumstance(act.at, address))


async def count_shown(act: Act, known: Known) -> Denial | None:
    """Count a use of what was shown, if it has a number of them; return the denial where none is left.

    It comes last: what is refused uses nothing up.
    """
    if known.credential.max_uses is None:
        return None
    act.require_writing()
    return await count_use(act.tx, known, act.at)


async def note_allowed(
    act: Act,
    known: Known,
    api: str,
    address: Address | None,
    request: Mapping[str, str] = _NOTHING,
) -> None:
    """Note that what was shown to an API is good for it; see `note_refused`."""
    if act.caller.organisation.audit_verifications == "all":
        act.require_writing()
        arrival, actor, about, facts = _entered(act, known, address, request)
        await act.tx.audit.append(allowed_event(act.verb, actor, arrival, about, facts))
    act.seen.append(Seen(known, api, address))


def note_refused(
    act: Act,
    known: Known,
    denial: Denial,
    api: str,
    address: Address | None,
    request: Mapping[str, str] = _NOTHING,
) -> None:
    """Note that what was shown to an API is not good for it.

    Args:
        act: in which the API asks.
        known: what it was shown.
        denial: why not.
        api: the identifier of the API that asks, which is one of the asker's.
        address: where it came from, as the API says.
        request: what was asked of the API.
    """
    arrival, actor, about, facts = _entered(act, known, address, request)
    entry = refused_event(
        act.verb, actor, arrival, about, facts, code=denial.code, rule=denial.rule
    )
    act.seen.append(Seen(known, api, address, entry))


def _entered(
    act: Act, known: Known, address: Address | None, request: Mapping[str, str]
) -> tuple[Arrival, Actor, ObjectRef, Mapping[str, Fact]]:
    credential = known.credential
    verifier = f"verifier {act.caller.credential.id}"
    return (
        replace(act.arrival, address=address, asserted_by=verifier),
        Actor(known.owner.id, credential.id, credential.kind),
        ObjectRef("credential", credential.id, without_tokens(credential.name)),
        {name: without_tokens(text) for name, text in request.items()},
    )
