"""Which key signs access tokens while keys are exchanged; and whoever remembers the old set is served."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, ok
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import client, exchanged, post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running import Served

JWKS: Final = "/.well-known/jwks.json"
ALGORITHMS: Final = ["ES256", "EdDSA", "RS256"]
# RFC 9864 gives EdDSA another name, which APIs that check tokens do not know yet.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Clocked]:
    with running_clocked(tmp_path / "data") as server:
        yield server


def published(server: Served) -> dict[str, Any]:
    return dict(ok(server.call("GET", JWKS, token=None)))


def kid_by(token: str, keys: dict[str, Any], algorithm: str) -> str:
    """Return the key of a set that has signed a token, as an API checks it offline."""
    decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=[algorithm])  # type: ignore[arg-type]
    return str(decoded.header["kid"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_key_signs_from_its_instant_on_and_not_before(alone: Clocked, algorithm: str) -> None:
    api = register(
        alone, groups=catalogue(orders="list"), token_format="jwt", algorithm=algorithm,
        token_seconds=86_400,
    )  # fmt: skip
    made = client(alone, access=[access(api, "orders:list")])
    asker = client(alone, "tokens:verify")
    before = exchanged(alone, made)
    old = kid_by(before, published(alone), algorithm)

    new = ok(alone.call("POST", f"{V1}/signing-keys/rotate", {"algorithm": algorithm}))
    remembered = published(alone)
    assert kid_by(exchanged(alone, made), remembered, algorithm) == old
    alone.set(new["signs_from"], microseconds=-1)
    last = exchanged(alone, made)
    assert kid_by(last, remembered, algorithm) == old
    alone.set(new["signs_from"])
    # Whoever has read the set since the rotation needs no other one.
    assert kid_by(exchanged(alone, made), remembered, algorithm) == new["kid"]

    def told(token: str) -> bool:
        answer = post(alone, "/oauth/introspect", {"token": token}, authorization=asker.basic)
        return bool(ok(answer)["active"])

    alone.set(new["signs_from"], days=1, microseconds=-2)
    assert kid_by(last, published(alone), algorithm) == old
    assert told(last)
    assert not told(before), "its day is over"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_published_key_is_named_by_its_thumbprint(alone: Clocked, algorithm: str) -> None:
    register(alone, token_format="jwt", algorithm=algorithm)
    new = ok(alone.call("POST", f"{V1}/signing-keys/rotate", {"algorithm": algorithm}))
    keys = published(alone)["keys"]
    assert new["kid"] in {each["kid"] for each in keys}
    assert [each["kid"] for each in keys] == [thumbprint(each) for each in keys]


def thumbprint(jwk: dict[str, str]) -> str:
    """Return the thumbprint of a key (RFC 7638 §3, RFC 8037 §2)."""
    members = {"EC": "crv kty x y", "OKP": "crv kty x", "RSA": "e kty n"}[jwk["kty"]]
    needed = {name: jwk[name] for name in members.split()}
    said = json.dumps(needed, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(sha256(said.encode()).digest()).decode().rstrip("=")
