"""Asking OAuth's endpoints as a client does, over real sockets."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from tests.doors.cast import V1, ok
from tests.running import Answer, Served, Server, initialise, send, start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "FORM", "SECURE_ACCESS", "TOKEN", "Client", "Pairs", "another", "ask", "basic", "client", "error",
    "exchanged", "key", "post", "whoami",
]  # fmt: skip

TOKEN = "/oauth/token"
SECURE_ACCESS = "/auth/v2/token"
FORM = "application/x-www-form-urlencoded"
GRANT = ("grant_type", "client_credentials")

_SOURCES = (f"127.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in count(100 << 16 | 1) if n & 255)

Pairs = Iterable[tuple[str, str]] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A client or key that a test made.

    Attributes:
        id: its public id.
        record: as the API answered it.
    """

    id: str
    secret: str
    record: Mapping[str, Any]

    @property
    def path(self) -> str:
        return f"{V1}/credentials/{self.record['id']}"

    @property
    def basic(self) -> str:
        return basic(self.id, self.secret)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [("client_id", self.id), ("client_secret", self.secret)]


@contextmanager
def another(data: Path) -> Iterator[Server]:
    """Serve another installation, which has nothing in common with the tests' own."""
    server = start(data, initialise(data))
    try:
        yield server
    finally:
        server.stop()


def basic(identity: str, secret: str) -> str:
    """Return the header's value, each half form-encoded first."""
    pair = f"{quote_plus(identity)}:{quote_plus(secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def client(server: Served, *scopes: str, kind: str = "oauth_client", **more: object) -> Client:
    """Make a client of the administrator's with these scopes of Keystead's own API."""
    wanted = {"kind": kind, "name": server.unique(kind), "expires_at": None, **more}
    if "access" not in more:
        wanted["scopes"] = list(scopes)
    made = ok(server.call("POST", f"{V1}/credentials", wanted), 201)
    record = made["credential"]
    return Client(record["public_id"], made["secret"], record)


def key(server: Served, *scopes: str, **more: object) -> Client:
    """Make an API key in the same manner."""
    return client(server, *scopes, kind="api_key", **more)


def post(
    server: Served,
    path: str,
    pairs: Pairs = (),
    *,
    raw: bytes | None = None,
    source: str | None = None,
    **headers: str,
) -> Answer:
    """Send a form, with headers by their names in lower case; from an address of its own, if none is named.

    Else the many refusals of these tests would be too many of one address.
    """
    source = source or next(_SOURCES)
    sent = {"Content-Type": FORM, "User-Agent": "keystead-tests"}
    sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    body = urlencode(list(pairs.items()) if isinstance(pairs, Mapping) else list(pairs)).encode()
    return send(server.url, "POST", path, body if raw is None else raw, sent, source=source)


def ask(
    server: Served,
    by: Client,
    more: Pairs = (),
    *,
    path: str = TOKEN,
    grant: Sequence[tuple[str, str]] = (GRANT,),
    source: str | None = None,
) -> Answer:
    """Ask for a token as a client, by Basic."""
    pairs = [*grant, *(more.items() if isinstance(more, Mapping) else more)]
    return post(server, path, pairs, authorization=by.basic, source=source)


def exchanged(server: Served, by: Client, more: Pairs = (), **how: Any) -> str:  # noqa: ANN401
    """Return the access token that a client is given."""
    return str(ok(ask(server, by, more, **how))["access_token"])


def whoami(server: Served, token: str, **more: Any) -> Answer:  # noqa: ANN401
    """Use a token."""
    return server.call("GET", f"{V1}/whoami", token=token, **more)


_CHALLENGE = re.compile(r'(\w+) realm="keystead"(?:, [a-z_]+="[^"\\]*")*')


def error(answer: Answer) -> tuple[int, str]:
    """Return the status and the error of a refusal, whose form is judged by the way."""
    assert answer.headers["content-type"] == "application/json", answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = answer.json()
    assert list(found) == ["error", "error_description"]
    # RFC 6749 §5.2: no quote, no backslash, nothing beyond ASCII.
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", found["error_description"]), found
    if answer.status == 401:
        assert _CHALLENGE.fullmatch(answer.headers["www-authenticate"])
    if answer.status in {429, 503}:
        assert int(answer.headers["retry-after"]) >= 1
    return answer.status, str(found["error"])
