"""How a form comes to OAuth's endpoints: in time, and not in the clear from another machine."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest

from keystead.api.oauth.endpoints import ENDPOINTS
from keystead.serving import build
from keystead.settings import read_settings
from keystead.web import bodies
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, ok
from tests.oauth.asking import FORM, GRANT, basic, client, error, exchanged, whoami
from tests.oauth.signing import proof_of, signing
from tests.running import Answer, Server, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATHS: Final = [endpoint.path for endpoint in ENDPOINTS]
EACH = pytest.mark.parametrize("path", PATHS)
DOCUMENTS: Final = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/jwks.json",
]


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """A server that waits for no form as long as others do."""
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(bodies, "READ_SECONDS", 0.05)
        with running_clocked(tmp_path_factory.mktemp("hasty") / "data") as found:
            yield found


@EACH
@pytest.mark.parametrize("sent", [b"", b"grant_type=client_cr", b"token=x&"])
def test_a_form_that_does_not_end_is_not_waited_for(hasty: Clocked, path: str, sent: bytes) -> None:
    made = client(hasty, "accounts:list")
    # Its length is told, and the rest of it held back.
    told = {"Content-Type": FORM, "Content-Length": "99", "Authorization": made.basic}
    answer = send(hasty.url, "POST", path, sent, told)
    assert error(answer) == (408, "invalid_request")
    assert answer.headers["connection"] == "close"
    assert hasty.call("GET", f"{V1}/whoami").status == 200


async def _asked(
    server: Server,
    method: str,
    path: str,
    pairs: Sequence[tuple[str, str]] = (),
    authorization: str | None = None,
    peer: str = "192.0.2.7",
) -> Answer:
    """Ask the application itself, as a peer that loopback cannot be."""
    served = build(read_settings(server.data, exposed_listener=True, served=server.url))
    body = urlencode(pairs).encode()
    headers = [
        (b"content-type", FORM.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode()))
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": headers, "client": (peer, 50_000),
        "server": ("192.0.2.1", 8780), "state": {},
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with served.lifespan():
        await served(scope, receive, send)  # type: ignore[arg-type]  # ASGI's own types are looser
    found = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))


def asked(server: Server, *how: Any, **more: Any) -> Answer:  # noqa: ANN401
    return asyncio.run(_asked(server, *how, **more))


@EACH
def test_no_proof_is_taken_in_the_clear_from_another_machine(server: Server, path: str) -> None:
    made, signer = client(server, "accounts:list", "tokens:verify"), signing(server)
    token = exchanged(server, made)
    assertion = signer.assertion()
    wanted = [GRANT] if path.endswith("token") else [("token", token)]
    proofs: dict[str, tuple[list[tuple[str, str]], str | None]] = {
        "basic": (wanted, made.basic),
        "form": ([*wanted, *made.pairs], None),
        "assertion": ([*wanted, *proof_of(assertion)], None),
    }
    if not path.endswith("token"):
        proofs["bearer"] = (wanted, f"Bearer {token}")
    for name, (pairs, header) in proofs.items():
        refused = asked(server, "POST", path, pairs, header)
        assert error(refused) == (400, "invalid_request"), name
        assert "unencrypted" in refused.json()["error_description"], name
        assert "www-authenticate" not in refused.headers
    # What is nobody's was not exposed either.
    for header in (None, basic(made.id, "x"), basic("ksc_000000000000", "x")):
        assert error(asked(server, "POST", path, wanted, header)) == (401, "invalid_client")
    assert whoami(server, token).status == 200, "nothing was given back"
    assert signer.ask(assertion).status == 200, "and the assertion is still good"


@EACH
def test_it_is_taken_in_the_clear_from_this_machine(server: Server, path: str) -> None:
    made = client(server, "accounts:list", "tokens:verify")
    pairs = [GRANT] if path.endswith("token") else [("token", "x")]
    assert asked(server, "POST", path, pairs, made.basic, peer="127.0.0.1").status == 200


def test_a_refusal_in_the_clear_is_entered_under_the_clients_name(server: Server) -> None:
    made = client(server, "accounts:list")
    refused = asked(server, "POST", "/oauth/token", [GRANT], made.basic)
    found = ok(server.call("GET", f"{V1}/audit/events?decision=refused&page_size=100"))["items"]
    request_id = refused.headers["keystead-request-id"]
    (entry,) = [each for each in found if each["request_id"] == request_id]
    assert (entry["verb"], entry["code"]) == ("oauth.issue", "tls_required")
    assert entry["actor"]["credential_id"] == made.record["id"]
    assert made.secret not in json.dumps(entry)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_anybody_may_read_is_told_in_the_clear(server: Server, path: str) -> None:
    assert asked(server, "GET", path).status == 200
