"""What an API asks about a credential that it was shown: makers of `Call` for `Client.send`."""

from __future__ import annotations

from collections.abc import Sequence

from keystead_client._core.arguments import UNSET, Unset, set_fields
from keystead_client._core.calls import Call, one
from keystead_client._core.secret import Secret
from keystead_client.records import Verdict

__all__ = ["verify"]


def verify(
    token: Secret,
    *,
    audience: str | Unset = UNSET,
    scopes: Sequence[str] | str | Unset = UNSET,
    client_ip: str | Unset = UNSET,
    method: str | Unset = UNSET,
    host: str | Unset = UNSET,
    path: str | Unset = UNSET,
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
    body = set_fields(
        token=token,
        audience=audience,
        scopes=scopes,
        client_ip=client_ip,
        method=method,
        host=host,
        path=path,
    )
    return Call("POST", "/verify", one(Verdict), body=body)
