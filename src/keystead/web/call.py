"""One request as a handler sees it, and its way out: decoded input, the gate, the answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec

from keystead.core.clock import Instant, format_instant
from keystead.core.errors import FieldError, Invalid
from keystead.web import bodies, query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from keystead.core.arrival import Arrival
    from keystead.core.clock import Clock
    from keystead.gate.gate import Gate
    from keystead.gate.operation import Operation

__all__ = ["Answer", "Call", "as_answer"]

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

_ENCODER = msgspec.json.Encoder()
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, body or stream, media type, and headers besides the usual."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


def as_answer(value: msgspec.Struct, status: int = 200) -> Answer:
    """Return an answer without secrets; the encoder refuses to write one."""
    return Answer(status, _ENCODER.encode(value))


def _nothing_else(_: Mapping[str, Any]) -> Iterable[FieldError]:
    return ()


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        gate: where operations are asked for.
        clock: for the instant of each further question.
        arrival: who comes, from where, when.
        path: the route's parameters.
        pairs: the query's parameters.
        headers: by lower-case name; of repeated ones the last.
        body: as it came, bounded.
        credential_expires_at: the presented credential's end, once the gate has recognised it.
        asked: the gate has been asked.
    """

    gate: Gate
    clock: Clock
    arrival: Arrival
    path: Mapping[str, str]
    pairs: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    credential_expires_at: Instant | None = None
    asked: bool = False

    async def perform(self, operation: Operation[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the gate for an operation, and remember the credential's end for the answer.

        What is asked again later in a long answer is judged at its own instant, not at the first one's.
        """
        if self.asked:
            self.arrival = replace(self.arrival, at=self.clock.now())
        self.asked = True
        done = await self.gate.perform(operation, self.arrival, *args, **kwargs)
        self.credential_expires_at = done.expires_at
        return done.value

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
        return query.decode_query(self.pairs, form, judge)

    def require_no_query(self) -> None:
        """Refuse parameters where none has a meaning."""
        if self.pairs:
            wrong = [
                FieldError(name[:64], "is no parameter of this request") for name, _ in self.pairs
            ]
            raise Invalid("some fields are wrong", *wrong)


def expiry_header(at: Instant | int | None) -> dict[str, str]:
    """Return the header by which every answer tells a credential's end."""
    return {} if at is None else {"Keystead-Credential-Expires": format_instant(Instant(at))}
