"""The timeline of signing keys: whoever remembers the published ones for a while can verify every token."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from keystead.core.clock import DAY, HOUR, MINUTE, SECOND, Instant, later
from keystead.credentials.signing_key import (
    CACHE_SECONDS,
    LONGEST_TOKEN,
    PUBLISHED_BEFORE,
    SigningKey,
    first_key,
    newest_of,
    next_key,
    signer_at,
    state_of,
    superseded_at,
)
from keystead.crypto.jose.signing import KeyPair

NOON = Instant(20_000 * DAY + DAY // 2)


def pair(kid: str) -> KeyPair:
    return KeyPair(kid, "ES256", f'{{"kid":"{kid}"}}', b"private")


def timeline() -> list[SigningKey]:
    """A first key, made at noon, and a second one, made an hour later."""
    old = first_key(pair("old"), b"sealed", NOON, NOON)
    new = next_key(pair("new"), b"sealed", later(NOON, HOUR))
    return [replace(old, ends_at=superseded_at(new)), new]


def test_a_first_key_signs_at_once() -> None:
    key = first_key(pair("a"), b"sealed", NOON, NOON)
    assert signer_at([key], "ES256", NOON) == key
    assert signer_at([key], "ES256", later(NOON, -1)) is None
    assert signer_at([key], "EdDSA", NOON) is None
    assert state_of(key, [key], NOON) == "signing"


def test_a_successor_is_published_before_it_signs_and_its_predecessor_after() -> None:
    old, new = keys = timeline()
    told = []
    for minutes in (60, 65, 66, 67, 24 * 60 + 66, 24 * 60 + 67):
        at = later(NOON, minutes * MINUTE)
        told.append((state_of(old, keys, at), state_of(new, keys, at)))
    assert told == [
        ("signing", "next"),
        ("signing", "next"),
        ("retiring", "signing"),
        ("retiring", "signing"),
        ("retiring", "signing"),
        ("ended", "signing"),
    ]
    assert PUBLISHED_BEFORE == CACHE_SECONDS * SECOND + MINUTE


def test_nothing_prints_what_is_sealed() -> None:
    assert "sealed" not in repr(first_key(pair("a"), b"sealed", NOON, NOON))


class Rotation(RuleBasedStateMachine):
    """Keys are rotated at any time, tokens minted, and an API looks at the published keys now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.at = NOON
        self.keys: list[SigningKey] = []
        self.tokens: list[tuple[str, Instant]] = []
        self.remembered: frozenset[str] = frozenset()
        self.looked = NOON

    def look(self) -> None:
        """Read the published keys, as an API does that remembers none or too old ones."""
        self.remembered = frozenset(key.kid for key in self.keys if key.is_published(self.at))
        self.looked = self.at

    @initialize()
    def begin(self) -> None:
        self.keys.append(first_key(pair("0"), b"sealed", self.at, self.at))
        self.look()

    @rule(seconds=st.sampled_from([1, 59, 60, 299, 300, 360, 3600, 43_200, 86_400, 86_461]))
    def wait(self, seconds: int) -> None:
        self.at = later(self.at, seconds * SECOND)

    @rule(seconds=st.integers(1, LONGEST_TOKEN // SECOND))
    def mint(self, seconds: int) -> None:
        signer = signer_at(self.keys, "ES256", self.at)
        assert signer is not None
        assert signer.sealed
        self.tokens.append((signer.kid, later(self.at, seconds * SECOND)))

    def newest(self) -> SigningKey:
        found = newest_of(self.keys, "ES256")
        assert found is not None
        return found

    @precondition(lambda self: self.keys and self.newest().signs_from <= self.at)
    @rule()
    def rotate(self) -> None:
        old = self.newest()
        new = next_key(pair(str(len(self.keys))), b"sealed", self.at)
        self.keys[self.keys.index(old)] = replace(old, ends_at=superseded_at(new))
        self.keys.append(new)

    @rule()
    def destroy_what_has_ended(self) -> None:
        self.keys = [k if k.is_published(self.at) else replace(k, sealed=b"") for k in self.keys]

    @rule()
    def verify(self) -> None:
        if self.at - self.looked >= CACHE_SECONDS * SECOND:
            self.look()
        assert {kid for kid, end in self.tokens if self.at < end} <= self.remembered

    @invariant()
    def one_signs(self) -> None:
        states = [state_of(key, self.keys, self.at) for key in self.keys]
        assert states.count("signing") == (1 if self.keys else 0)
        assert states.count("next") <= 1


Rotation.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestRotation = Rotation.TestCase
