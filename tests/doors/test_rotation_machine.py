"""Keys and clients rotated, refreshed, used and ended in any order, by HTTP, on a clock that is set.

The machine knows each secret's end, whether its first use ends older ones, and its uses; the server is asked
after every step whether it knows the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from keystead.core.clock import DAY, HOUR, SECOND, Instant, format_instant, later
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import ok, until
from tests.doors.tokens import CREDENTIALS, WHOAMI, create, record_of
from tests.oauth.asking import GRANT, TOKEN, post

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LIVE = 5
SEVEN_DAYS = 7 * 24 * 3600
OVERLAPS = st.sampled_from([None, 0, 1, 3600, 2 * 24 * 3600, SEVEN_DAYS])
SPANS = st.sampled_from([SECOND, HOUR - 1, HOUR, DAY, 6 * DAY, 7 * DAY, 31 * DAY])
ENDS = st.none() | st.sampled_from([SECOND, 8 * DAY, 60 * DAY, 400 * DAY])
ANY = st.integers(0, 99)
NEVER = Instant(0)

# Many are refused here, too many for one address.
_SOURCES = (f"127.201.{n >> 8 & 255}.{n & 255}" for n in count(1) if n & 255)


@dataclass(slots=True)
class Held:
    """One secret as it ought to be."""

    n: int
    text: str
    retires_at: Instant | None = None
    ends_older: bool = False
    uses: int = 0
    used_at: Instant | None = None

    def is_live(self, at: Instant) -> bool:
        return self.retires_at is None or at < self.retires_at

    def retire(self, at: Instant) -> None:
        self.retires_at = at if self.retires_at is None else min(at, self.retires_at)

    def state(self, at: Instant) -> str:
        if self.retires_at is None:
            return "live"
        return "retiring" if at < self.retires_at else "retired"


@dataclass(slots=True)
class Minted:
    """An access token as it ought to be."""

    text: str
    secret: Held
    ends_at: Instant
    ended: bool = False


@dataclass(slots=True)
class Model:
    """One credential as it ought to be."""

    id: str
    kind: str
    secrets: list[Held]
    expires_at: Instant | None = None
    revoked: bool = False
    disabled: bool = False
    minted: list[Minted] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    former: list[Held] = field(default_factory=list)
    former_minted: list[Minted] = field(default_factory=list)
    former_ends_at: Instant = NEVER

    def state(self, at: Instant) -> str:
        if self.revoked:
            return "revoked"
        if self.disabled:
            return "disabled"
        if self.expires_at is None:
            return "active"
        if at >= self.expires_at:
            return "expired"
        return "expiring" if self.expires_at - at <= 30 * DAY else "active"

    def accepts(self, secret: Held, at: Instant) -> bool:
        return self.state(at) in {"active", "expiring"} and secret.is_live(at)

    def use(self, secret: Held, at: Instant) -> None:
        secret.uses += 1
        secret.used_at = at
        if secret.ends_older:
            secret.ends_older = False
            for each in self.secrets:
                if each.n < secret.n:
                    each.retire(at)
            self.end_former(at)

    def end_former(self, at: Instant) -> None:
        self.former_ends_at = min(self.former_ends_at, at)
        for each in self.former:
            each.retire(at)


class Rotations(RuleBasedStateMachine):
    """One key or client."""

    server: ClassVar[Clocked]
    told: ClassVar[list[Model]]

    it: Model

    @property
    def now(self) -> Instant:
        return self.server.clock.now()

    @property
    def path(self) -> str:
        return f"{CREDENTIALS}/{self.it.id}"

    @initialize(kind=st.sampled_from(["api_key", "oauth_client"]))
    def make(self, kind: str) -> None:
        made = ok(create(self.server, kind=kind, name=self.server.unique(kind)), 201)
        self.it = Model(made["credential"]["id"], kind, [Held(1, made["secret"])])

    @rule(span=SPANS)
    def time_passes(self, span: int) -> None:
        self.server.clock.go_on(span)

    @rule(overlap=OVERLAPS, first_use=st.booleans(), end=ENDS, end_tokens=st.booleans())
    def rotate(
        self, overlap: int | None, *, first_use: bool, end: int | None, end_tokens: bool
    ) -> None:
        it, body = self.it, dict[str, Any](end_access_tokens=end_tokens)
        seconds = (SEVEN_DAYS if first_use else 0) if overlap is None else overlap
        if overlap is not None:
            body["overlap_seconds"] = overlap
        if first_use:
            body["revoke_after_first_use"] = True
        new_end = None if end is None else later(self.now, end)
        if new_end is not None:
            body["expires_at"] = format_instant(new_end)
        answer = self.server.call("POST", f"{self.path}/rotate", body)
        live = sum(each.is_live(self.now) for each in it.secrets)
        if first_use and not seconds:
            assert answer.status == 400
        elif (
            it.revoked
            or (new_end is None and self.is_past_its_end())
            or (seconds and live >= MOST_LIVE)
        ):
            assert answer.status == 409
        else:
            # What has ended does not come back.
            ends = self.now if self.is_past_its_end() else later(self.now, seconds * SECOND)
            for each in it.secrets:
                each.retire(ends)
            it.end_former(ends)
            it.secrets.append(
                Held(it.secrets[-1].n + 1, ok(answer)["secret"], ends_older=first_use)
            )
            it.expires_at = it.expires_at if new_end is None else new_end
            if end_tokens:
                for token in (*it.minted, *it.former_minted):
                    token.ended = True

    @rule(overlap=OVERLAPS, first_use=st.booleans())
    def refresh(self, overlap: int | None, *, first_use: bool) -> None:
        body: dict[str, object] = {} if overlap is None else {"overlap_seconds": overlap}
        if first_use:
            body["revoke_after_first_use"] = True
        seconds = (SEVEN_DAYS if first_use else 0) if overlap is None else overlap
        answer = self.server.call("POST", f"{self.path}/refresh", body)
        old = self.it
        if old.kind != "api_key":
            assert answer.status == 409
        elif first_use and not seconds:
            assert answer.status == 400
        elif old.revoked or self.is_past_its_end() or (seconds and self.now < old.former_ends_at):
            assert answer.status == 409
        else:
            self.replace(ok(answer), seconds, first_use=first_use)

    def replace(self, made: dict[str, Any], seconds: int, *, first_use: bool) -> None:
        old, ends = self.it, later(self.now, seconds * SECOND)
        assert made["credential"]["id"] != old.id
        gone = [*old.gone, *(each.text for each in old.former)]
        if not seconds:
            gone += [each.text for each in old.secrets]
            gone += [each.text for each in (*old.minted, *old.former_minted)]
        for each in old.secrets:
            each.retire(ends)
        self.it = Model(
            made["credential"]["id"],
            old.kind,
            [Held(1, made["secret"], ends_older=first_use)],
            old.expires_at,
            disabled=old.disabled,
            gone=gone,
            former=old.secrets if seconds else [],
            former_minted=old.minted if seconds else [],
            former_ends_at=ends if seconds else NEVER,
        )

    @rule(which=ANY)
    def use_any(self, which: int) -> None:
        self.use(self.it.secrets[which % len(self.it.secrets)])

    @rule()
    def use_the_newest(self) -> None:
        self.use(self.it.secrets[-1])

    def use(self, secret: Held) -> None:
        accepted = self.it.accepts(secret, self.now)
        if self.it.kind == "api_key":
            answer = self.server.call("GET", WHOAMI, token=secret.text, source=next(_SOURCES))
        else:
            answer = self.exchange(secret)
        assert answer.status == (200 if accepted else 401), answer.body
        if accepted:
            self.it.use(secret, self.now)

    @rule(which=ANY)
    def ask_for_an_access_token(self, which: int) -> None:
        secret = self.it.secrets[which % len(self.it.secrets)]
        answer = self.exchange(secret)
        if not self.it.accepts(secret, self.now):
            assert answer.status == 401
            return
        self.it.use(secret, self.now)
        ends = later(self.now, HOUR)
        if self.it.expires_at is not None:
            ends = min(ends, self.it.expires_at)
        self.it.minted.append(Minted(ok(answer)["access_token"], secret, ends))

    @rule(which=ANY)
    def use_an_access_token(self, which: int) -> None:
        if not self.it.minted:
            return
        token = self.it.minted[which % len(self.it.minted)]
        usable = self.it.state(self.now) in {"active", "expiring"}
        accepted = usable and not token.ended and self.now < token.ends_at
        answer = self.server.call("GET", WHOAMI, token=token.text, source=next(_SOURCES))
        assert answer.status == (200 if accepted else 401), answer.body
        if accepted:
            token.secret.uses += 1
            token.secret.used_at = self.now

    @rule(which=ANY)
    def use_what_was_refreshed_away(self, which: int) -> None:
        if self.it.gone:
            text = self.it.gone[which % len(self.it.gone)]
            answer = self.server.call("GET", WHOAMI, token=text, source=next(_SOURCES))
            assert (answer.status, answer.code) == (401, "credential_revoked")

    @rule(which=ANY)
    def use_its_former_id(self, which: int) -> None:
        if self.it.former:
            secret = self.it.former[which % len(self.it.former)]
            self.see(secret.text, accepted=self.it.accepts(secret, self.now))
        if self.it.former_minted:
            token = self.it.former_minted[which % len(self.it.former_minted)]
            is_live = not token.ended and self.now < min(token.ends_at, self.it.former_ends_at)
            usable = self.it.state(self.now) in {"active", "expiring"}
            self.see(token.text, accepted=usable and is_live)

    def see(self, text: str, *, accepted: bool) -> None:
        answer = self.server.call("GET", WHOAMI, token=text, source=next(_SOURCES))
        assert answer.status == (200 if accepted else 401), answer.body

    @rule(end=ENDS)
    def move_the_end(self, end: int | None) -> None:
        wanted = None if end is None else later(self.now, end)
        body = {"expires_at": None if wanted is None else format_instant(wanted)}
        answer = self.server.call("PATCH", self.path, body)
        if self.it.revoked or self.is_past_its_end():
            assert answer.status == 409
        else:
            ok(answer)
            self.it.expires_at = wanted

    @rule(off=st.booleans())
    def switch(self, *, off: bool) -> None:
        answer = self.server.call("POST", f"{self.path}/{'disable' if off else 'enable'}")
        assert answer.status == (409 if self.it.revoked else 200)
        self.it.disabled = self.it.disabled if self.it.revoked else off

    @rule(sure=st.integers(0, 9))
    def revoke(self, sure: int) -> None:
        # Seldom: little can be done afterwards.
        if sure == 0:
            ok(self.server.call("POST", f"{self.path}/revoke"))
            self.it.revoked = True

    @invariant()
    def the_server_knows_the_same(self) -> None:
        record = record_of(self.server, self.it.id)
        assert record["state"] == self.it.state(self.now)
        ends_at = min(self.it.former_ends_at, self.it.expires_at or self.it.former_ends_at)
        former = None if record["former"] is None else record["former"]["ends_at"]
        assert former == (format_instant(ends_at) if self.now < ends_at else None)
        told = [
            (each["n"], each["state"], each["retires_at"], each["ends_older"])
            for each in record["secrets"]
        ]
        assert told == [
            (
                each.n,
                each.state(self.now),
                None if each.retires_at is None else format_instant(each.retires_at),
                each.ends_older,
            )
            for each in self.it.secrets
        ]

    def teardown(self) -> None:
        if hasattr(self, "it"):
            self.told.append(self.it)

    def is_past_its_end(self) -> bool:
        # Also where it is off, which its state says instead.
        return self.it.expires_at is not None and self.now >= self.it.expires_at

    def exchange(self, secret: Held) -> Any:  # noqa: ANN401  # an answer
        pairs = [GRANT, ("client_id", secret.text[:16]), ("client_secret", secret.text)]
        return post(self.server, TOKEN, pairs)


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Rotations]]:
    with running_clocked(tmp_path_factory.mktemp("machine") / "data") as server:
        yield type("Machine", (Rotations,), {"server": server, "told": []})


def test_k9_in_any_order_each_secret_has_its_own_end_and_last_use(
    machine: type[Rotations],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for it in machine.told:
        wanted = [
            (None if each.used_at is None else format_instant(each.used_at), each.uses)
            for each in it.secrets
        ]
        # Uses are written about once a second.
        until(partial(uses_are, machine.server, it, wanted))


def uses_are(server: Clocked, it: Model, wanted: list[tuple[str | None, int]]) -> bool:
    found = [each["last_used"] for each in record_of(server, it.id)["secrets"]]
    return wanted == [(None, 0) if each is None else (each["at"], each["uses"]) for each in found]
