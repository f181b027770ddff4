"""The life of a credential, step by step in any order."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import UNSET

from keystead.core.clock import DAY, SECOND, Instant, later
from keystead.core.errors import Conflict, Invalid
from keystead.credentials import lifecycle
from keystead.credentials.record import Credential, StoredSecret
from keystead.credentials.wish import CredentialWish
from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.decide import Question, Subject, decide
from keystead.policy.organisation import DEFAULT
from keystead.policy.roles import Role
from keystead.policy.scopes import Access

RULES = (APIs(), DEFAULT)

STEP = st.sampled_from([1, SECOND, DAY, 29 * DAY, 30 * DAY, 31 * DAY])
END = st.none() | st.sampled_from([-1, 0, 1, DAY, 30 * DAY, 30 * DAY + 1, 400 * DAY])
START = Instant(20_000 * DAY)


def fresh(**more: object) -> Credential:
    given: dict[str, object] = {
        "id": "cred_0123456789ab",
        "kind": "api_token",
        "type": "static",
        "name": "deploy",
        "description": "",
        "owner_id": "own_0123456789ab",
        "created_by": "own_0123456789ab",
        "created_at": START,
        "modified_at": START,
        "access": (Access("keystead", ("secrets:read",)),),
        "networks": (),
        "expires_at": None,
        **more,
    }
    return Credential(**given)  # type: ignore[arg-type]


class LifeMachine(RuleBasedStateMachine):
    """Knows only: which secrets ought to be accepted, and whether it was revoked."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.it = fresh()
        self.secrets = [StoredSecret(1, 1, b"1", START)]
        self.was_revoked = False
        self.was_disabled = False

    def is_past_its_end(self) -> bool:
        return self.it.expires_at is not None and self.now >= self.it.expires_at

    @rule(step=STEP)
    def time_passes(self, step: int) -> None:
        self.now = later(self.now, step)

    @rule(end=END)
    def edit_the_end(self, end: int | None) -> None:
        wanted = None if end is None else Instant(self.now + end)
        before, expired = self.it, self.is_past_its_end()
        refused: type[Exception] | None = None
        try:
            self.it = lifecycle.edited(before, CredentialWish(expires_at=wanted), self.now, *RULES)
        except (Conflict, Invalid) as error:
            refused = type(error)
        if self.was_revoked or expired:
            assert refused is Conflict
        elif end is not None and end <= 0:
            assert refused is Invalid
        if refused is None:
            assert self.it.expires_at == wanted
            assert self.it.revision == before.revision + 1

    @rule(start=st.none() | st.sampled_from([-DAY, 1, DAY]))
    def edit_the_beginning(self, start: int | None) -> None:
        wanted = None if start is None else Instant(self.now + start)
        before = self.it
        try:
            self.it = lifecycle.edited(before, CredentialWish(not_before=wanted), self.now, *RULES)
        except Conflict:
            assert self.was_revoked
        except Invalid:
            assert wanted is not None
            assert before.expires_at is not None
            assert wanted >= before.expires_at

    @rule()
    def disable(self) -> None:
        try:
            self.it = lifecycle.disabled(self.it, self.now)
            self.was_disabled = True
        except Conflict:
            assert self.was_revoked

    @rule()
    def enable(self) -> None:
        try:
            self.it = lifecycle.enabled(self.it, self.now)
            self.was_disabled = False
        except Conflict:
            assert self.was_revoked

    @rule()
    def revoke(self) -> None:
        first = self.it.revoked_at
        self.it = lifecycle.revoked(self.it, self.now)
        assert self.it.revoked_at == (self.now if first is None else first)
        self.was_revoked = True

    @precondition(lambda self: len(self.secrets) < lifecycle.MAX_LIVE_SECRETS)
    @rule(overlap=st.sampled_from([0, 1, 3600, lifecycle.MAX_OVERLAP_SECONDS]), end=END)
    def rotate(self, overlap: int, end: int | None) -> None:
        wanted = UNSET if end is None else Instant(self.now + end)
        expired = self.is_past_its_end()
        try:
            self.it = lifecycle.rotated(
                self.it,
                self.now,
                wanted,
                DEFAULT,
                lifecycle.retirement(self.now, overlap),
                resets_uses=True,
            )
        except Conflict:
            assert self.was_revoked or (expired and wanted is UNSET)
            return
        except Invalid:
            assert end is not None
            return
        retires = lifecycle.retirement(self.now, overlap)
        self.secrets = [
            replace(s, retires_at=min(s.retires_at or retires, retires)) for s in self.secrets
        ]
        n = len(self.secrets) + 1
        self.secrets.append(StoredSecret(n, 1, b"%d" % n, self.now))

    @invariant()
    def revoked_stays_revoked(self) -> None:
        assert (lifecycle.state(self.it, self.now) == "revoked") == self.was_revoked

    @invariant()
    def switched_off_shows(self) -> None:
        shown = lifecycle.state(self.it, self.now)
        if not self.was_revoked:
            assert (shown == "disabled") == self.was_disabled

    @invariant()
    def the_newest_secret_is_good_exactly_in_the_good_states(self) -> None:
        good = lifecycle.state(self.it, self.now) in {"active", "expiring"}
        assert self._accepted(self.secrets[-1]) == good

    @invariant()
    def a_retired_secret_is_never_good_and_a_live_one_as_good_as_the_newest(self) -> None:
        live = lifecycle.live_secrets(tuple(self.secrets), self.now)
        newest = self._accepted(self.secrets[-1])
        for secret in self.secrets:
            assert self._accepted(secret) == (newest and secret in live)
        assert self.secrets[-1] in live

    def _accepted(self, secret: StoredSecret) -> bool:
        bounds = lifecycle.bounds(self.it, secret)
        who = Subject("api_token", True, frozenset({Role.USER}), bounds, frozenset())
        return decide(who, Question(None, self.now, None)) is None


TestLife = LifeMachine.TestCase


@pytest.mark.parametrize("overlap", [-1, lifecycle.MAX_OVERLAP_SECONDS + 1])
def test_an_overlap_has_its_limits(overlap: int) -> None:
    with pytest.raises(Invalid):
        lifecycle.retirement(START, overlap)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (None, "active"),
        (START + 30 * DAY + 1, "active"),
        (START + 30 * DAY, "expiring"),
        (START + 1, "expiring"),
        (START, "expired"),
        (START - 1, "expired"),
    ],
)
def test_the_state_turns_exactly_at_its_instant(end: int | None, state: str) -> None:
    made = fresh(expires_at=None if end is None else Instant(end))
    assert lifecycle.state(made, START) == state


def test_the_gravest_state_is_the_one_shown() -> None:
    all_at_once = fresh(
        expires_at=START, not_before=later(START, 1), disabled_at=START, revoked_at=START
    )
    assert lifecycle.state(all_at_once, START) == "revoked"
    assert lifecycle.state(replace(all_at_once, revoked_at=None), START) == "disabled"
    asleep = replace(all_at_once, revoked_at=None, disabled_at=None)
    assert lifecycle.state(asleep, START) == "not_yet_valid"


def test_steps_that_change_nothing_raise_no_revision() -> None:
    made = fresh()
    assert lifecycle.enabled(made, START) is made
    off = lifecycle.disabled(made, START)
    assert lifecycle.disabled(off, START) is off
    ended = lifecycle.revoked(off, START)
    assert lifecycle.revoked(ended, START) is ended


def test_every_wrong_field_of_a_wish_is_named_at_once() -> None:
    wish = CredentialWish(
        name="a\nb",
        description="x" * 1001,
        access=(Access("orders"),),
        networks=("10.0.0.1", "nonsense"),
        expires_at=START,
        not_before=later(START, 1),
        metadata={"": "x", "k": "y" * 501},
    )
    assert [error.field for error in wish.wrong(START, APIs())] == [
        "name",
        "description",
        "access[0].api",
        "access",
        "networks[1]",
        "expires_at",
        "not_before",
        "metadata",
        "metadata.k",
    ]
    assert CredentialWish().wrong(START) == []
    assert [
        e.field for e in CredentialWish(metadata={str(n): "" for n in range(51)}).wrong(START)
    ] == ["metadata"]
