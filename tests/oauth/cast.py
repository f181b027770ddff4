"""Who comes to OAuth's endpoints: each kind of credential in each state, and how it is proved."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from keystead.crypto.token_format import mint, new_id12, public_id
from keystead.policy.key_admin import KEY_ADMIN
from tests.assertions import b64
from tests.doors.cast import V1, application, ok
from tests.doors.registering import access, register
from tests.oauth.asking import Client, basic, client, exchanged, key
from tests.oauth.signing import Signing, proof_of, signing

if TYPE_CHECKING:
    from tests.clocked import Clocked

__all__ = ["BEARERS", "KINDS", "PROVEN", "STATES", "STRANGERS", "Cast", "Prove", "strangers"]

PROVEN: Final = ("oauth_client", "api_key", "key_admin", "signing_client")
BEARERS: Final = ("api_token", "access_token", "signed_token")
KINDS: Final = (*PROVEN, *BEARERS)
STRANGERS: Final = ("none", "malformed", "unknown")
STATES: Final = (
    "expired", "revoked", "disabled", "not yet valid", "owner disabled", "wrong network", "wrong scope",
    "no role", "right",
)  # fmt: skip

Prove = Callable[[], tuple[str, list[tuple[str, str]]]]
"""Returns what is sent as `Authorization`, or nothing, and what is sent in the form."""

Made = Client | Signing


@dataclass(slots=True)
class Cast:
    """A server, and each kind in each state: how a request proves it, and whose it is.

    Attributes:
        api: takes signed tokens.
    """

    server: Clocked
    api: dict[str, Any]
    states: dict[tuple[str, str], tuple[Prove, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, server: Clocked) -> Cast:
        wanted = {"token_format": "jwt", "offline_networks": "accepted"}
        cast = cls(server, register(server, **wanted))
        end = server.after(hours=1)
        for kind in KINDS:
            cast.add(kind, "expired", expires_at=end)
        server.set(end)
        owner = application(server, "administrator")
        demoted = application(server, "user")
        for kind in KINDS:
            cast.add(kind, "right")
            cast.add(kind, "wrong scope", "accounts:list")
            cast.add(kind, "no role", owner_id=demoted["id"])
            cast.add(kind, "owner disabled", owner_id=owner["id"])
            for state, act in (("revoked", "revoke"), ("disabled", "disable")):
                made = cast.add(kind, state)
                ok(server.call("POST", f"{made.path}/{act}"))
            for state, edit in (
                ("not yet valid", {"not_before": server.after(days=1)}),
                ("wrong network", {"networks": ["192.0.2.1"]}),
            ):
                made = cast.add(kind, state)
                ok(server.call("PATCH", made.path, edit))
        ok(server.call("PATCH", f"{V1}/owners/{owner['id']}", {"state": "disabled"}))
        ok(server.call("PATCH", f"{V1}/owners/{demoted['id']}", {"roles": []}))
        return cast

    def add(self, kind: str, state: str, *scopes: str, **more: Any) -> Made:  # noqa: ANN401
        """Make one, and note how it is presented; whoever is to change its state changes its parent's."""
        scopes = scopes or ("tokens:verify", "accounts:list")
        made: Made
        match kind:
            case "signing_client":
                made = signer = signing(self.server, *scopes, **more)
                prove = _signed_by(signer)
            case "key_admin":
                # It holds nothing else, and lacks what all others of this table have.
                held = ("credentials:list",)
                made = key(self.server, *held, type=KEY_ADMIN, **more)
                prove = _by(made.basic)
            case "access_token" | "signed_token":
                signed = kind == "signed_token"
                if signed:
                    more["access"] = [access(self.api, "scan:read")]
                made = parent = client(self.server, *scopes, **more)
                token = exchanged(self.server, parent)
                jti = _jti_of(token) if signed else token[4:16]
                self.states[kind, state] = _by(f"Bearer {token}"), f"cred_{jti}"
                return made
            case "api_token":
                made = client(self.server, *scopes, kind=kind, **more)
                prove = _by(f"Bearer {made.secret}")
            case _:
                made = client(self.server, *scopes, kind=kind, **more)
                prove = _by(made.basic)
        self.states[kind, state] = prove, str(made.record["id"])
        return made


def _by(header: str) -> Prove:
    return lambda: (header, [])


def _signed_by(signer: Signing) -> Prove:
    return lambda: ("", proof_of(signer.assertion()))


def _jti_of(token: str) -> str:
    """Return a signed token's own id."""
    claims = token.split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["jti"])


def strangers(server: Clocked, kind: str) -> dict[str, Prove]:
    nobody, none = new_id12(), _by("")
    match kind:
        case "signing_client":
            signer = signing(server)
            unknown = replace(signer, id=public_id("c", nobody))
            return {
                "none": none,
                "malformed": lambda: ("", proof_of("x.y.z")),
                "unknown": _signed_by(unknown),
            }
        case "signed_token":
            token = (
                f"{b64({'alg': 'ES256', 'typ': 'at+jwt'})}.{b64({'jti': nobody})}.{b64(bytes(64))}"
            )
            return {
                "none": none,
                "malformed": _by("Bearer ey.ey.ey"),
                "unknown": _by(f"Bearer {token}"),
            }
        case _ if kind in PROVEN:
            mark = "c" if kind == "oauth_client" else "k"
            unknown_pair = basic(public_id(mark, nobody), mint(mark, nobody).reveal())
            return {"none": none, "malformed": _by(basic("x", "y")), "unknown": _by(unknown_pair)}
        case _:
            mark = "t" if kind == "api_token" else "a"
            text = f"Bearer {mint(mark, nobody).reveal()}"
            return {"none": none, "malformed": _by("Bearer kst_nonsense"), "unknown": _by(text)}
