"""What an operation is handed: its transaction, who asks, when, and what it tells of its object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import Struct

from keystead.audit.event import ObjectRef
from keystead.core.names import MAX_NAME
from keystead.crypto.token_format import without_tokens
from keystead.gate.events import allowed_event

if TYPE_CHECKING:
    from keystead.audit.event import Event
    from keystead.core.arrival import Address, Arrival
    from keystead.core.clock import Instant
    from keystead.crypto.keyring import Keyring
    from keystead.gate.callers.caller import Caller
    from keystead.gate.callers.recall import Recall
    from keystead.gate.events import Fact
    from keystead.ports.credentials import Known
    from keystead.ports.store import Tx

__all__ = ["Act", "Seen", "Writes", "sought"]


class Seen(Struct, frozen=True):
    """A credential that somebody was shown, and asked about.

    Attributes:
        known: what it is.
        api: the identifier of the API that asked.
        address: where it came from, as the asker says; None where he does not.
        refusal: the entry of its refusal; None where it was allowed.
    """

    known: Known
    api: str
    address: Address | None
    refusal: Event | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether it was good for the API."""
        return self.refusal is None


class Writes(Exception):  # no error: the gate asks the act once more
    """An act that was begun as a read finds that it must write."""


@dataclass(slots=True)
class Act:
    """One act in progress.

    Attributes:
        verb: its name in the audit.
        tx: the transaction; an operation awaits nothing else.
        caller: who asks, already recognised, bounded and allowed.
        arrival: what the request brought.
        keyring: for sealing and for new secrets.
        recall: where what somebody was shown is looked up.
        writes: its transaction may write; see `require_writing`.
        seen: other credentials that were used or refused in it, as somebody asked about them.
    """

    verb: str
    tx: Tx
    caller: Caller
    arrival: Arrival
    keyring: Keyring
    recall: Recall
    writes: bool
    seen: list[Seen] = field(default_factory=list)
    _object: ObjectRef | None = None
    _facts: dict[str, Fact] = field(default_factory=dict)

    @property
    def at(self) -> Instant:
        """The instant of the act: the request's arrival."""
        return self.arrival.at

    def about(self, type_: str, id_: str, name: str, **facts: Fact) -> None:
        """Name the object for the entry; facts are names and numbers, never values."""
        # Somebody may have named a thing by a token, by mistake or on purpose.
        self._object = ObjectRef(type_, id_, without_tokens(name))
        self._facts.update(
            {key: without_tokens(f) if isinstance(f, str) else f for key, f in facts.items()}
        )

    def seek(self, type_: str, asked_for: str) -> None:
        """Name what was asked for, before it is known to exist, so that a refusal tells it too."""
        self._object = sought(type_, asked_for)

    def require_writing(self) -> None:
        """Let the act begin again in a transaction that writes, unless this one does.

        Raises:
            Writes: to the gate.
        """
        if not self.writes:
            raise Writes

    def repeat(self, verb: str, object_: ObjectRef | None) -> None:
        """Tell that an earlier act's answer is given again, and nothing is done."""
        self._object = object_
        self._facts = {"verb": self.verb}
        self.verb = verb

    @property
    def is_certain(self) -> bool:
        """Whether nobody was refused by what may be behind another node's; what is written is done."""
        allowed = any(each.is_allowed for each in self.seen)
        return self.writes or not self.recall.asked or allowed

    @property
    def object(self) -> ObjectRef | None:
        """What the act is about, as far as it came."""
        return self._object

    def event(self) -> Event:
        """Return the entry of this act, allowed."""
        return allowed_event(self.verb, self.caller.actor, self.arrival, self._object, self._facts)


def sought(type_: str, asked_for: str) -> ObjectRef:
    """Return an object that was asked for and may not exist."""
    # Whoever puts a token where an id belongs must not find it in the audit: its public id says enough.
    return ObjectRef(type_, "", without_tokens(asked_for)[:MAX_NAME])
