"""What happened: one event, as the gate tells it and the chain keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from keystead.core.actor import Actor
from keystead.core.clock import Instant

__all__ = ["Event", "ObjectRef"]


class ObjectRef(msgspec.Struct, frozen=True):
    """What an act was done to.

    Attributes:
        type: the noun: `credential`, `account`, `folder`, `owner`, `audit`.
        id: its id, such as `acct_3kT0…`.
        name: its name at that moment; a later change of name leaves old entries as they are.
    """

    type: str
    id: str
    name: str


class Event(msgspec.Struct, frozen=True):
    """One act or refusal.

    It never holds a value that someone keeps in Keystead, nor a secret, nor a digest: `facts` tells
    that a field changed, not from what to what.

    A verb is `noun.act` in lower case, the act in its plain form: `credential.create`,
    `credential.rotate`, `credential.revoke`, `secret.read`, `secret.write`, `account.edit`,
    `folder.delete`, `owner.create`, `audit.read`, `audit.export`. The same verb serves an allowed
    act and its refusal. `audit.summary` alone stands for many: refusals counted, not entered.

    Attributes:
        at: when it was decided.
        actor: who; the house itself for upkeep; empty ids where nobody was recognised.
        verb: what, as above.
        object: to what; None where there is no one thing.
        decision: `allowed`, `refused`, or `summary` of refusals that were only counted.
        code: the refusal's stable code; `ok` where it was allowed.
        rule: what decided, such as `network`; empty where nothing had to.
        address: the client's address, as text; empty for the house itself.
        asserted_by: who says that this is the address: `socket`, or a trusted proxy's address.
        request_id: `req_…`, the same as in the answer.
        agent: the client's own name of itself; worth nothing as proof.
        facts: small things that belong to the act, such as a version's number, the NAMES of changed
            fields, or how many times. Integers fit into 64 bits. None where there is nothing to say.
    """

    at: Instant
    actor: Actor
    verb: str
    object: ObjectRef | None
    decision: Literal["allowed", "refused", "summary"]
    code: str
    rule: str
    address: str
    asserted_by: str
    request_id: str
    agent: str
    facts: Mapping[str, str | int | bool] | None = None
