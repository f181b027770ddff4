"""A signature is checked whatever is wrong with the key that is named, so that time tells nothing."""

from __future__ import annotations

from statistics import median
from time import thread_time_ns
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from keystead.core.clock import SECOND, Instant
from keystead.crypto.jose.assertion import RefusedAssertion, VerifiedAssertion, verify_assertion
from keystead.crypto.jose.public_keys import ALGORITHMS, canonical_jwks
from tests.assertions import ClientPair, client_pair, set_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from keystead.core.secret import Secret

NOW = Instant(1_800_000_000 * SECOND)
CLIENT = "ksc_0123456789Az"
ISSUER = "https://keystead.example.com"
CLAIMS: dict[str, Any] = {
    "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW // SECOND + 60, "jti": "one",
}  # fmt: skip
ROUNDS = 200
OTHERS = {"ES256": "RS256", "RS256": "EdDSA", "EdDSA": "ES256", "Ed25519": "ES256"}


PRINTED: tuple[dict[str, str | list[str]], ...] = (
    {
        "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    },
    {
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    },
)  # fmt: skip
"""Private keys in RFC 7517 appendix A.2 and RFC 8037 appendix A.1."""


def judged(assertion: Secret, registered: str) -> object:
    return verify_assertion(assertion, registered, issuer=ISSUER, client_id=CLIENT, at=NOW)


def medians(*asked: Callable[[], object]) -> list[float]:
    """Return what each takes, by turns, so that what else the machine does slows all alike."""
    took: list[list[int]] = [[] for _ in asked]
    for _ in range(ROUNDS):
        for ask, found in zip(asked, took, strict=True):
            began = thread_time_ns()
            ask()
            found.append(thread_time_ns() - began)
    return [median(found) for found in took]


def under(pair: ClientPair, **header: object) -> Secret:
    """Return what a stranger's key of the pair's algorithm has signed."""
    stranger = client_pair(pair.algorithm, "stranger")
    return stranger.assertion(CLAIMS, {"alg": pair.algorithm, **header})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_wrong_assertion_is_refused_sooner_than_another(algorithm: str) -> None:
    pair = client_pair(algorithm, "mine")
    mine = canonical_jwks(set_of(pair))
    another = canonical_jwks(set_of(client_pair(OTHERS[algorithm], "mine")))
    two = canonical_jwks(set_of(pair, client_pair(algorithm, "second")))
    wrong = {
        "signature": (under(pair, kid="mine"), mine),
        "unknown client": (under(pair, kid="mine"), ""),
        "unknown client, no kid": (under(pair), ""),
        "foreign kid": (under(pair, kid="foreign"), mine),
        "no key of the algorithm": (under(pair), another),
        "another algorithm's key": (under(pair, kid="mine"), another),
        "one of two": (under(pair), two),
    }
    refused = {name: judged(*each) for name, each in wrong.items()}
    assert all(isinstance(each, RefusedAssertion) for each in refused.values()), refused
    took = medians(*(lambda each=each: judged(*each) for each in wrong.values()))
    # What is left out is two thirds of the time and more; what is not differs by a tenth.
    assert max(took) < 1.6 * min(took), dict(zip(wrong, took, strict=True))


def published_pair(private: dict[str, str | list[str]]) -> ClientPair:
    """Return the pair of a private key that a standard prints."""
    key = OKPKey.import_key(private) if private["kty"] == "OKP" else ECKey.import_key(private)
    algorithm = "EdDSA" if private["kty"] == "OKP" else "ES256"
    public = {name: str(value) for name, value in key.as_dict(private=False).items()}
    public = {name: public[name] for name in ("kty", "crv", "x", "y") if name in public}
    return ClientPair(
        algorithm,
        {**public, "alg": algorithm, "kid": "mine"},
        lambda said: JWSRegistry.algorithms[algorithm].sign(said, key),
    )


@pytest.mark.parametrize("private", PRINTED, ids=["RFC 7517", "RFC 8037"])
def test_what_everybody_can_sign_proves_nothing(private: dict[str, str | list[str]]) -> None:
    pair = published_pair(private)
    told = [{"alg": pair.algorithm, "kid": kid} for kid in ("1", "2", "3", "mine")]
    other = canonical_jwks(set_of(client_pair("RS256", "mine")))
    for header in ({"alg": pair.algorithm}, *told):
        signed = pair.assertion(CLAIMS, header)
        for registered in ("", other):
            assert isinstance(judged(signed, registered), RefusedAssertion)
    registered = canonical_jwks(set_of(pair))
    assert isinstance(judged(pair.assertion(CLAIMS), registered), VerifiedAssertion), (
        "it is so signed"
    )
