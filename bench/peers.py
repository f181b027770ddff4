"""The same work by others: `oidc-provider` on Node.js, and OpenBao's log-in by AppRole.

Neither enters what it hands out as Keystead does. `oidc-provider` keeps its tokens in memory and has no
audit; OpenBao keeps them in its storage (raft, one node), and does not wait for its audit file to be on disk.
Each is left out with a word where it is absent.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from bench.figures import Figure
from bench.load import Load, load
from bench.oauth import GRANT
from tests.assertions import client_pair, set_of
from tests.oauth.asking import FORM, basic
from tests.oauth.oracle import SIGNED
from tests.oauth.provider import NODE
from tests.running import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["measure"]

_BAO: Final = str(Path(sys.executable).with_name("bao"))
_APPROLE: Final = "/v1/auth/approle"


def measure(place: Path) -> list[Figure]:
    place.mkdir()
    return [*_oidc_provider(place), *_openbao(place)]


def _figure(work: str, found: Load) -> Figure:
    return Figure(work, found.shown, "all right", not found.wrong)


def _oidc_provider(place: Path) -> list[Figure]:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        return [Figure("`oidc-provider`", "absent; `make services` installs it")]
    process = subprocess.Popen(
        [node, "provider.mjs", json.dumps(set_of(client_pair()))],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = f"http://127.0.0.1:{process.stdout.readline().strip().decode()}"
            server = Server(place, url, "", "", process, place)
            headers = {"Content-Type": FORM, "Authorization": basic("by-basic", "a-secret")}

            def loaded(path: str, form: str, holds: str) -> Load:
                return load(
                    server, path, token="", method="POST", headers=headers, template=form,
                    holds=holds,
                )  # fmt: skip

            issued = loaded("/token", GRANT, '"access_token":"')
            signed = loaded(
                "/token", f"{GRANT}&resource={quote_plus(SIGNED)}", '"access_token":"eyJ'
            )
            token = _asked(f"{url}/token", GRANT.encode(), headers)["access_token"]
            told = loaded("/token/introspection", f"token={token}", '"active":true')
        finally:
            process.stdin.close()
            process.wait(20)
    name = "`oidc-provider`, tokens in memory:"
    return [
        _figure(f"{name} opaque tokens issued", issued),
        _figure(f"{name} ES256 tokens issued", signed),
        _figure(f"{name} introspection", told),
    ]


def _openbao(place: Path) -> list[Figure]:
    if not Path(_BAO).exists():
        how = "`.venv/bin/pip install -r requirements/bench.txt` installs it"
        return [Figure("OpenBao", f"absent; {how}")]
    with _bao(place / "bao") as (server, root):
        call = _calls(server.url, root)
        call("/v1/sys/auth/approle", {"type": "approle"})
        # No policy but `default`, which may look itself up; tokens of an hour, as Keystead's.
        call(f"{_APPROLE}/role/bench", {"token_ttl": "1h", "token_policies": ["default"]})
        ids = {
            "role_id": call(f"{_APPROLE}/role/bench/role-id")["data"]["role_id"],
            "secret_id": call(f"{_APPROLE}/role/bench/secret-id", {})["data"]["secret_id"],
        }
        login = json.dumps(ids)
        issued = load(
            server,
            f"{_APPROLE}/login",
            token="",
            method="POST",
            headers={"Content-Type": "application/json"},
            template=login,
            holds='"client_token":"',
        )
        token = call(f"{_APPROLE}/login", ids)["auth"]["client_token"]
        path = "/v1/auth/token/lookup-self"
        told = load(server, path, token=token, holds='"expire_time":"')
        assert (server.data / "audit.log").stat().st_size > issued.requests, "it keeps an audit"
    return [
        _figure("OpenBao, raft and audit file: log-in by AppRole", issued),
        _figure("OpenBao: a token looks itself up", told),
    ]


@contextmanager
def _bao(place: Path) -> Iterator[tuple[Server, str]]:
    """Run one node, unsealed; yield it and its root token."""
    place.mkdir()
    with (
        socket.create_server(("127.0.0.1", 0)) as probe,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        port, cluster = probe.getsockname()[1], other.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    (place / "data").mkdir()
    (place / "bao.hcl").write_text(f"""
        storage "raft" {{ path = "{place}/data", node_id = "bench" }}
        listener "tcp" {{ address = "127.0.0.1:{port}", tls_disable = true,
                         cluster_address = "127.0.0.1:{cluster}" }}
        audit "file" "entries" {{ options {{ file_path = "{place}/audit.log" }} }}
        api_addr = "{url}"
        cluster_addr = "http://127.0.0.1:{cluster}"
        log_level = "error"
    """)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [_BAO, "server", f"-config={place / 'bao.hcl'}"], stdout=log, stderr=log
        )
    try:
        call = _calls(url, "")
        made = _patiently(lambda: call("/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1}))
        call("/v1/sys/unseal", {"key": made["keys"][0]})
        root = made["root_token"]
        _patiently(lambda: _calls(url, root)("/v1/auth/token/lookup-self"))
        yield Server(place, url, "", "", process, place), root
    finally:
        process.terminate()
        process.wait(30)


def _patiently(ask: Any) -> Any:  # noqa: ANN401  # whatever it answers
    for _ in range(100):
        try:
            return ask()
        except OSError:
            time.sleep(0.2)
    msg = "OpenBao does not answer"
    raise SystemExit(msg)


def _calls(url: str, token: str) -> Any:  # noqa: ANN401  # a function with one optional argument
    def call(path: str, body: object = None) -> Any:  # noqa: ANN401  # whatever is answered
        sent = None if body is None else json.dumps(body).encode()
        return _asked(url + path, sent, {"X-Vault-Token": token})

    return call


def _asked(url: str, body: bytes | None, headers: dict[str, str]) -> Any:  # noqa: ANN401
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        whole = answer.read()
    return json.loads(whole) if whole else None
