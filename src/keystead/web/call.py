"""One request as a handler sees it, and its way out: decoded input, the gate, the answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from keystead.core.clock import format_instant
from keystead.core.errors import FieldError, Invalid
from keystead.gate.acts.once import Once
from keystead.gate.acts.operation import Told
from keystead.web import bodies, query
from keystead.web.repeats import REPEATED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from keystead.core.clock import Clock, Instant
    from keystead.gate.acts.once import RequestKey
    from keystead.gate.acts.operation import Operation
    from keystead.gate.gate import Gate
    from keystead.gate.visit import Visit

__all__ = ["Answer", "Call", "as_answer", "done"]

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_ENCODER = msgspec.json.Encoder()
_PACKER = msgspec.msgpack.Encoder()
_UNPACKER = msgspec.msgpack.Decoder(tuple[int, bytes, str, dict[str, str]])
JSON = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """What goes back: status, body or stream, media type, and headers besides the usual."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None

    def packed(self) -> bytes:
        """Return an answer that is no stream as bytes, to be kept."""
        return _PACKER.encode((self.status, self.body, self.media, dict(self.headers)))

    @classmethod
    def unpacked(cls, packed: bytes, more: Mapping[str, str]) -> Answer:
        """Return the answer again, with more headers."""
        status, body, media, headers = _UNPACKER.decode(packed)
        return cls(status, body, media, {**headers, **more})


def as_answer(value: msgspec.Struct, status: int = 200) -> Answer:
    """Return an answer without secrets; the encoder refuses to write one."""
    return Answer(status, _ENCODER.encode(value))


def done(_: object) -> Answer:
    """Return the answer that says no more than that it was done."""
    return Answer(204)


@cache
def _needs_nothing(form: type[msgspec.Struct]) -> bool:
    return not any(each.required for each in msgspec.structs.fields(form))


def _nothing_else(_: Mapping[str, Any]) -> Iterable[FieldError]:
    return ()


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        gate: where operations are asked for.
        clock: for the instant of each further question.
        visit: who comes, from where, when.
        path: the route's parameters.
        pairs: the query's parameters.
        headers: by lower-case name; of repeated ones the last.
        body: as it came, bounded.
        key: tells a change that is asked for again; None where the client sent none.
        issuer: the URL under which clients know this installation.
    """

    gate: Gate
    clock: Clock
    visit: Visit
    path: Mapping[str, str]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    key: RequestKey | None = None
    issuer: str = ""

    @property
    def at(self) -> Instant:
        """The instant at which what was asked last is judged, or what will be asked first."""
        return self.visit.arrival.at

    async def perform(self, operation: Operation[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the gate for an operation.

        What is asked again later in a long answer is judged at its own instant, not at the first one's.
        """
        self._set_instant()
        return await self.gate.perform(operation, self.visit, *args, **kwargs)

    async def change(
        self,
        answer: Callable[[T], Answer],
        operation: Operation[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer:
        """Ask the gate for a change; under a key it is made once, and answered so each time.

        Args:
            answer: makes the answer of what the operation returned; within its transaction, under a key.
            operation: one that is entered.
            *args: its own.
            **kwargs: its own.
        """
        if operation.told is not Told.ENTERED:
            msg = f"{operation.name} changes nothing"
            raise RuntimeError(msg)
        if self.key is None:
            return answer(await self.perform(operation, *args, **kwargs))
        self._set_instant()
        once: Once[T] = Once(self.key, lambda value: answer(value).packed())
        found = await self.gate.perform_once(operation, self.visit, once, *args, **kwargs)
        return Answer.unpacked(found.answer, REPEATED if found.repeated else {})

    def json(
        self,
        form: type[S],
        judge: Callable[[Mapping[str, Any]], Iterable[FieldError]] = _nothing_else,
    ) -> S:
        """Decode the body; see `bodies.decode_json`."""
        return bodies.decode_json(self.body, self.headers.get("content-type", ""), form, judge)

    def query(
        self,
        form: type[S],
        judge: Callable[[Mapping[str, Any]], Iterable[FieldError]] = _nothing_else,
    ) -> S:
        """Decode the query; see `query.decode_query`."""
        if not self.pairs and judge is _nothing_else and _needs_nothing(form):
            return form()
        return query.decode_query(self.pairs, form, judge)

    def require_no_query(self) -> None:
        """Refuse parameters where none has a meaning."""
        if self.pairs:
            wrong = [
                FieldError(name[:64], "is no parameter of this request") for name, _ in self.pairs
            ]
            raise Invalid.of(*wrong)

    def _set_instant(self) -> None:
        if self.visit.asked:
            self.visit.arrival = msgspec.structs.replace(self.visit.arrival, at=self.clock.now())


def expiry_header(visit: Visit | None) -> dict[str, str]:
    """Return the header by which every answer to a credential tells its end, where it has one."""
    at = None if visit is None else visit.credential_expires_at
    return {} if at is None else {"Keystead-Credential-Expires": format_instant(at)}
