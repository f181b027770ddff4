"""OAuth clients that others wrote, for Node.js, against a running server."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from jwskate import Jwk

from tests.doors.cast import V1, ok
from tests.oauth.provider import NODE, require_node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.running import Server

ORDERS = "https://orders.example/node-clients"


def test_each_does_its_whole_round(server: Server) -> None:
    actions = [{"key": "read"}, {"key": "write"}]
    orders = {"key": "orders", "resources": [{"key": "orders", "actions": actions}]}
    wanted = {
        "identifier": ORDERS,
        "name": "Orders for Node",
        "token_format": "jwt",
        "groups": [orders],
    }
    ok(server.call("POST", f"{V1}/apis", wanted), 201)

    def client(*access: Mapping[str, object], **more: object) -> dict[str, Any]:
        body = {
            "kind": "oauth_client",
            "name": server.unique("client"),
            "expires_at": None,
            "access": access,
            **more,
        }
        return dict(ok(server.call("POST", f"{V1}/credentials", body), 201))

    levels = {"api": ORDERS, "levels": {"orders": "write"}}
    key = Jwk.generate(alg="ES256", kid="first")
    made = client(levels)
    verifier = client({"api": "keystead", "scopes": ["tokens:verify"]})
    keyed = client(levels, public_jwks={"keys": [dict(key.public_jwk())]})
    given = {
        "issuer": server.url,
        "client": [made["credential"]["public_id"], made["secret"]],
        "verifier": [verifier["credential"]["public_id"], verifier["secret"]],
        "keyed": keyed["credential"]["public_id"],
        "key": dict(key),
        "resource": ORDERS,
    }
    done = subprocess.run(
        [require_node(), "clients.mjs"],
        cwd=NODE,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    whole = {"scope": "orders:read", "before": True, "after": False, "refused": "invalid_scope"}
    assert json.loads(done.stdout) == {
        "openid-client basic": whole,
        "openid-client post": whole,
        "oauth4webapi": {
            "scope": "orders:write",
            "claimed": "orders:write",
            "client_id": given["keyed"],
        },
        "jose": {"alg": "ES256", "other": "ERR_JWT_CLAIM_VALIDATION_FAILED"},
    }
