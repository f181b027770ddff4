"""The whole round of OAuth clients that others wrote, for Node.js."""

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

__all__ = ["whole_round"]


def whole_round(server: Server, issuer: str) -> None:
    """Run each of them against a server that is known by its issuer."""
    orders_api = f"https://orders.example/{server.unique('node').replace(' ', '-')}"
    actions = [{"key": "read"}, {"key": "write"}]
    orders = {"key": "orders", "resources": [{"key": "orders", "actions": actions}]}
    wanted = {
        "identifier": orders_api,
        "name": server.unique("Orders for Node"),
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

    levels = {"api": orders_api, "levels": {"orders": "write"}}
    key = Jwk.generate(alg="ES256", kid="first")
    made = client(levels)
    verifier = client({"api": "keystead", "scopes": ["tokens:verify"]})
    keyed = client(levels, public_jwks={"keys": [dict(key.public_jwk())]})
    given = {
        "issuer": issuer,
        "client": [made["credential"]["public_id"], made["secret"]],
        "verifier": [verifier["credential"]["public_id"], verifier["secret"]],
        "keyed": keyed["credential"]["public_id"],
        "key": dict(key),
        "resource": orders_api,
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
