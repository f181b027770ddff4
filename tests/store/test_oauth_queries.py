"""What OAuth and verification ask of the database, pinned for each form of token and proof of a client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from keystead.core.arrival import Presented
from keystead.core.clock import SECOND
from keystead.credentials.wish import CredentialWish
from keystead.crypto.token_format import public_id
from keystead.gate.visit import Visit
from keystead.operations import whoami
from keystead.operations.catalogue import apis
from keystead.operations.credentials import credentials, verification
from keystead.operations.oauth import introspection, issuing, revocation
from keystead.operations.settings import edit_settings
from keystead.operations.signing_keys import ensure_signing_keys
from keystead.policy.catalogue.catalogue import Action, Group, Resource
from keystead.policy.catalogue.wish import APIWish
from keystead.policy.scopes import Access
from keystead.upkeep import system_arrival
from tests.assertions import client_pair, set_of
from tests.gate.houses import Home, at_home, at_home_on_postgresql
from tests.store.servers import require_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from keystead.core.arrival import Arrival
    from keystead.core.secret import Secret
    from keystead.gate.acts.operation import Operation

ISSUER = "https://here.example"
OPAQUE, SIGNED = "https://opaque.example", "https://signed.example"

# An entry is three: read the head, append, sign the head. A token is one more, and its digest's key is looked
# at; a signed one looks for its key besides. What is shown is one look, the first time; verification tells
# its metadata too.
STATEMENTS = {
    "issue opaque by a secret": 5,
    "issue signed by a secret": 6,
    "issue opaque by a key, at twenty a minute": 8,
    "issue opaque by an assertion": 7,
    "issue opaque past the cap": 10,
    "introspect opaque, first": 1,
    "introspect opaque, again": 0,
    "introspect signed, first": 1,
    "introspect signed, again": 0,
    "introspect a token, first": 1,
    "introspect a token, again": 0,
    "verify opaque, first": 2,
    "verify opaque, again": 1,
    "verify a key, again": 1,
    "revoke opaque": 7,
    "revoke signed": 7,
    "revoke what was revoked": 5,
}


def wish_for(name: str, **more: Any) -> CredentialWish:  # noqa: ANN401
    access = tuple(Access(api, ("scan:read",)) for api in (OPAQUE, SIGNED))
    return CredentialWish(**{"name": name, "expires_at": None, "access": access, **more})


class Measured:
    """What was asked of the database, by what was done."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.found: dict[str, int] = {}

    async def cost(
        self, name: str, operation: Operation[..., Any], arrival: Arrival, *args: object
    ) -> Any:  # noqa: ANN401
        before = self.home.house.database.statements
        value = await self.home.house.gate.perform(operation, Visit(arrival), *args)
        self.found[name] = self.home.house.database.statements - before
        return value

    async def issue(
        self, name: str, presented: Presented, api: str, per_minute: int | None = None
    ) -> Secret:
        wish = issuing.TokenWish(
            issuer=ISSUER, grant_type=issuing.GRANT_TYPE, resources=(api,), per_minute=per_minute
        )
        arrival = self.home.arrival(presented=presented)
        token: Secret = (await self.cost(name, issuing.issue_token, arrival, wish)).secret
        return token

    async def asked(self, name: str, token: Secret, api: str, *, verify: bool = True) -> None:
        """Introspect and verify a token, for the first time and again."""
        await self.home.perform(whoami.whoami)
        here = self.home.arrival()
        for turn in ("first", "again"):
            arguments = (token, None, api)
            told = await self.cost(
                f"introspect {name}, {turn}", introspection.introspect_token, here, *arguments
            )
            assert told is not None
        if verify:
            shown = verification.Shown(token=token, audience=api)
            verdict = await self.cost(f"verify {name}, again", verification.verify, here, shown)
            assert verdict.code == "VALID"


async def measure(home: Home) -> dict[str, int]:
    it = Measured(home)
    some = (Group("all", (Resource("scan", (Action("read"),)),)),)
    await home.house.gate.perform(ensure_signing_keys, Visit(system_arrival(home.clock)))
    await home.perform(
        apis.create_api, APIWish(identifier=OPAQUE, name="o", groups=some, token_format="opaque")
    )
    await home.perform(
        apis.create_api, APIWish(identifier=SIGNED, name="s", groups=some, token_format="jwt")
    )
    client = await home.perform(
        credentials.create_credential, "oauth_client", "static", home.owner_id, wish_for("client")
    )
    key = await home.perform(
        credentials.create_credential, "api_key", "static", home.owner_id, wish_for("key")
    )
    pair = client_pair()
    signer = await home.perform(
        credentials.create_credential,
        "oauth_client",
        "static",
        home.owner_id,
        wish_for("signer", public_jwks=set_of(pair)),
    )
    secret, of_key = Presented(client.secret, "basic"), Presented(key.secret, "basic")
    # Recognised once, and what judges them read, before anything is measured.
    for presented in (secret, of_key):
        await it.issue("", presented, OPAQUE)
    await it.issue("", secret, SIGNED)
    opaque = await it.issue("issue opaque by a secret", secret, OPAQUE)
    signed = await it.issue("issue signed by a secret", secret, SIGNED)
    await it.issue("issue opaque by a key, at twenty a minute", of_key, OPAQUE, 20)
    name = public_id("c", signer.listed.credential.id12)
    ends = home.clock.at // SECOND + 60
    claims = {"iss": name, "sub": name, "aud": ISSUER, "exp": ends, "jti": "one"}
    proof = Presented(pair.assertion(claims), "private_key_jwt", name, ISSUER)
    await it.issue("issue opaque by an assertion", proof, OPAQUE)
    await it.asked("opaque", opaque, OPAQUE)
    await it.asked("signed", signed, SIGNED, verify=False)
    token, _ = await home.issue(access=(Access(OPAQUE, ("scan:read",)),))
    await it.asked("a token", token, OPAQUE, verify=False)
    await it.asked("a key", key.secret, OPAQUE)
    fresh = await it.issue("", secret, OPAQUE)
    await home.perform(whoami.whoami)
    shown = verification.Shown(token=fresh, audience=OPAQUE)
    await it.cost("verify opaque, first", verification.verify, home.arrival(), shown)
    arrival = home.arrival(presented=secret)
    for what, text in (("opaque", opaque), ("signed", signed)):
        await home.perform(whoami.whoami)
        await it.cost(f"revoke {what}", revocation.revoke_token, arrival, text)
    await home.perform(whoami.whoami)
    await it.cost("revoke what was revoked", revocation.revoke_token, arrival, opaque)
    await home.perform(edit_settings, {"max_access_tokens": 1})
    await it.issue("", secret, OPAQUE)
    await it.issue("issue opaque past the cap", secret, OPAQUE)
    return {name: cost for name, cost in it.found.items() if name in STATEMENTS}


@pytest.mark.parametrize(
    "at_home_on", [at_home, pytest.param(at_home_on_postgresql, marks=pytest.mark.postgresql)]
)
def test_each_form_and_proof_asks_what_is_written_here(
    tmp_path: Path, at_home_on: Callable[[Path], AbstractAsyncContextManager[Home]]
) -> None:
    if at_home_on is at_home_on_postgresql:
        require_server()

    async def run() -> None:
        async with at_home_on(tmp_path / "data") as home:
            assert await measure(home) == STATEMENTS

    asyncio.run(run())
