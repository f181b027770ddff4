"""The token's form and its digest, held still."""

import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from keystead.core.secret import Secret
from keystead.crypto.digest import Digester, sha256_of
from keystead.crypto.token_format import MARKS, TokenParts, is_legacy, public_id, read_token

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("tokens.json").read_text())
PEPPERS = {int(n): bytes.fromhex(pepper) for n, pepper in VECTORS["peppers"].items()}


def test_every_mark_has_a_vector() -> None:
    assert {vector["mark"] for vector in VECTORS["good"]} == set(MARKS)


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: vector["public_id"])
def test_a_good_token_is_taken_apart(vector: dict[str, str]) -> None:
    assert read_token(vector["token"]) == TokenParts(vector["mark"], vector["id"])
    assert public_id(vector["mark"], vector["id"]) == vector["public_id"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["why"])
def test_a_malformed_token_is_refused(vector: dict[str, str]) -> None:
    assert read_token(vector["text"]) is None


@pytest.mark.parametrize("vector", VECTORS["digests"], ids=lambda vector: vector["token"][:16])
def test_a_digest_is_hmac_sha_256_of_the_whole_token(vector: dict[str, Any]) -> None:
    expected = {int(n): bytes.fromhex(digest) for n, digest in vector["digests"].items()}
    assert dict(Digester(PEPPERS).candidates(Secret(vector["token"]))) == expected
    for n, digest in expected.items():
        assert digest == hmac.digest(PEPPERS[n], vector["token"].encode(), "sha256")


@pytest.mark.parametrize("vector", VECTORS["legacy"], ids=lambda vector: vector["token"][:8])
def test_an_imported_token_is_found_by_its_sha_256_and_bound_to_one(vector: dict[str, Any]) -> None:
    token, id_ = Secret(vector["token"]), vector["credential_id"]
    assert is_legacy(token)
    sha256 = sha256_of(token)
    assert sha256.hex() == vector["sha256"]
    known = Digester(PEPPERS)
    for n, digest in known.legacy_candidates(sha256):
        pepper, binding = PEPPERS[n], bytes.fromhex(vector["bindings"][str(n)])
        assert digest.hex() == vector["digests"][str(n)]
        assert digest == hmac.digest(pepper, b"legacy token\0" + sha256, "sha256")
        bound = b"legacy token of\0" + sha256 + id_.encode()
        assert binding == hmac.digest(pepper, bound, "sha256")
        assert Digester({n: pepper}).digest_legacy(sha256, id_) == (n, digest, binding)
        assert known.is_bound(sha256, id_, n, binding)
        assert not known.is_bound(sha256, "cred_0123456789Az", n, binding)
        assert not known.is_bound(bytes(32), id_, n, binding)
        assert not known.is_bound(sha256, id_, 3 - n, binding)
        assert not known.is_bound(sha256, id_, 9, binding)
        assert not known.is_bound(sha256, id_, n, digest)
        assert not known.is_bound(sha256, id_, n, None)
