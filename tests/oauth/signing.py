"""Clients with registered keys, which sign an assertion for each request, rightly or as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from keystead.core.clock import SystemClock
from tests.assertions import ClientPair, client_pair, set_of
from tests.doors.cast import V1, ok
from tests.oauth.asking import GRANT, TOKEN, post
from tests.running import Answer, Served

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TYPE", "Signing", "proof_of", "signing"]

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Signing:
    """A client with registered keys."""

    server: Served
    id: str
    pair: ClientPair
    record: dict[str, Any]

    @property
    def path(self) -> str:
        return f"{V1}/credentials/{self.record['id']}"

    def assertion(self, header: dict[str, Any] | None = None, **claims: object) -> str:
        """Return a good assertion, or one with other claims; None leaves one out."""
        wanted: dict[str, object] = {
            "iss": self.id, "sub": self.id, "aud": self.server.url, "exp": self.now + 60,
            "jti": f"assertion {next(_NUMBERS)}", **claims,
        }  # fmt: skip
        said = {name: value for name, value in wanted.items() if value is not None}
        return self.pair.assertion(said, header).reveal()

    @property
    def now(self) -> int:
        clock = getattr(self.server, "clock", None) or SystemClock()
        return int(clock.now() // 1_000_000)

    def ask(
        self, assertion: str, path: str = TOKEN, more: Iterable[tuple[str, str]] = ()
    ) -> Answer:
        return post(self.server, path, [GRANT, *proof_of(assertion), *more])


def proof_of(assertion: str) -> list[tuple[str, str]]:
    """Return what an assertion is in a form."""
    return [("client_assertion_type", TYPE), ("client_assertion", assertion)]


def signing(
    server: Served,
    *scopes: str,
    name: str = "first",
    algorithm: str = "ES256",
    **more: Any,  # noqa: ANN401
) -> Signing:
    pair = client_pair(algorithm, name)
    wanted = {
        "kind": "oauth_client",
        "name": server.unique("signing"),
        "expires_at": None,
        "public_jwks": set_of(pair),
        **more,
    }
    if "access" not in more:
        wanted["scopes"] = list(scopes or ("accounts:list",))
    made = ok(server.call("POST", f"{V1}/credentials", wanted), 201)
    assert "secret" not in made
    return Signing(server, made["credential"]["public_id"], pair, made["credential"])
