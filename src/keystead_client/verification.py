"""What an API asks about a credential that it was shown: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Sequence

from keystead_client._core.calls import Call, one
from keystead_client._core.secret import Secret
from keystead_client.records import Verdict

__all__ = ["verify"]


def verify(
    token: Secret,
    *,
    audience: str | None = None,
    scopes: Sequence[str] | str | None = None,
    client_ip: str | None = None,
    method: str | None = None,
    host: str | None = None,
    path: str | None = None,
) -> Call[Verdict]:
    """Ask whether a credential is good for an API of yours, now.

    Args:
        token: as the client presented it.
        audience: the API's identifier; needed of whoever verifies for several.
        scopes: what it must hold: each of a list, or one line such as `a:read AND (b:write OR c:*)`.
        client_ip: where the client came from; takes the scope `tokens:assert-ip`.
        method: what was asked of the API; with `host` and `path` it stands in the audit of a refusal.
        host: as `method`.
        path: as `method`.
    """
    given = {
        "audience": audience,
        "scopes": scopes if scopes is None or isinstance(scopes, str) else list(scopes),
        "client_ip": client_ip,
        "method": method,
        "host": host,
        "path": path,
    }
    body = {"token": token, **{name: value for name, value in given.items() if value is not None}}
    return Call("POST", "/verify", one(Verdict), body=body)
