"""The machine behind both clients: whatever happens, it does no more than it may."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import keystead_client as sdk
from keystead_client import Answer, Call, Retries, Secret, credentials, folders
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.exchange import Request
from keystead_client._core.retries import Lost, Reach, may_help
from keystead_client._core.talk import Done, Renew, Talk, Wait
from keystead_client._io.world import World
from tests.client.peer import FOLDER, TOKEN, WHOAMI

ENDPOINT = Endpoint("https://keystead.example.org")
QUESTION: Call[object] = credentials.whoami()
CHANGE: Call[object] = folders.create("ops")


def answer(
    status: int, code: str = "", retry_after: str | None = None, media: str = "problem+json"
) -> Answer:
    body = {"code": code} if code else {**FOLDER, **WHOAMI}
    headers = {"content-type": f"application/{media}"}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    return Answer(status, headers, json.dumps(body).encode())


def lost(reach: Reach) -> Lost:
    return Lost(sdk.Unreachable("no answer"), reach)


WAITS = st.none() | st.integers(0, 40).map(str) | st.text(max_size=3)
OUTCOMES = st.one_of(
    st.just(answer(200)),
    st.builds(answer, st.sampled_from([429, 503]), st.just("busy"), WAITS),
    st.builds(answer, st.sampled_from([429, 503]), st.just("x"), WAITS, st.just("xhtml")),
    st.builds(answer, st.just(401), st.sampled_from(["credential_expired", "owner_disabled"])),
    st.builds(answer, st.sampled_from([400, 404, 500, 502]), st.just("some_code")),
    st.sampled_from(list(Reach)).map(lost),
)


class Run:
    """One call, driven as a client drives it; time passes with every attempt and every wait."""

    def __init__(
        self, call: Call[object], retries: Retries, token: Secret | None, drawn: float
    ) -> None:
        self.drawn = drawn
        self.now = 0.0
        self.sent: list[Request] = []
        self.sent_at: list[float] = []
        self.outcomes: list[Answer | Lost] = []
        self.waits: list[float] = []
        self.renewals = 0
        self.renewed_from = 0
        self.result: object = None
        self.error: sdk.KeysteadError | None = None
        self._talk = Talk(ENDPOINT, call, token, retries, "a-key", self.now)

    def through(
        self, outcomes: list[tuple[Answer | Lost, float]], renewed: Secret | None = None
    ) -> None:
        try:
            for outcome, seconds in outcomes:
                self.sent.append(self._talk.request)
                self.sent_at.append(self.now)
                self.outcomes.append(outcome)
                self.now += seconds
                match self._talk.heard(outcome, self.now, self.drawn):
                    case Done(value):
                        self.result = value
                        return
                    case Wait(wait):
                        self.waits.append(wait)
                        self.now += wait
                        assert self.now <= self._talk._retries.within + 1e-9
                    case Renew(refusal):
                        self.renewals += 1
                        self.renewed_from = len(self.sent)
                        self._talk.renewed(renewed, refusal, self.now)
        except sdk.KeysteadError as error:
            self.error = error


@given(
    st.sampled_from([QUESTION, CHANGE]),
    st.lists(st.tuples(OUTCOMES, st.floats(0, 300)), min_size=1, max_size=12),
    st.integers(0, 6),
    st.floats(0, 1800),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([None, Secret(TOKEN)]),
    st.sampled_from([None, *map(Secret, (TOKEN, TOKEN[:16] + "1" * 49, "kst_" + "1" * 61))]),
)
def test_whatever_happens_it_keeps_its_bounds(
    call: Call[object],
    outcomes: list[tuple[Answer | Lost, float]],
    times: int,
    within: float,
    drawn: float,
    token: Secret | None,
    renewed: Secret | None,
) -> None:
    run = Run(call, Retries(times, within), token, drawn)
    run.through(outcomes, renewed)

    assert len(run.waits) <= times
    assert run.renewals <= (0 if token is None else 1)
    assert len(run.sent) <= 1 + len(run.waits) + run.renewals
    # It is one call from first to last.
    assert len({request.headers.get("idempotency-key") for request in run.sent}) == 1
    assert len({(request.method, request.url, request.content) for request in run.sent}) == 1
    # A change that may have been made is not sent when its key may be forgotten, nor for another credential.
    if call is CHANGE:
        for first, outcome in enumerate(run.outcomes):
            if outcome == lost(Reach.UNKNOWN) or (
                isinstance(outcome, Answer) and outcome.status in {429, 503}
            ):
                assert all(at <= 14 * 60 + 1e-6 for at in run.sent_at[first + 1 :])
                names = {r.headers.get("authorization", "")[:23] for r in run.sent[first:]}
                assert len(names) == 1
    # A new token is used from then on, an old one never again.
    if run.renewals:
        for request in run.sent[run.renewed_from :]:
            assert request.headers["authorization"] != f"Bearer {TOKEN}"


@given(
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.none() | st.integers(0, 10**9),
    st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_within_what_was_asked_and_what_is_allowed(
    times: int, done: int, within: float, elapsed: float, asked: int | None, drawn: float
) -> None:
    seconds = Retries(times, within).wait(done, elapsed, asked, drawn)
    longest = (asked or 0) + 8
    if seconds is None:
        assert done >= times or elapsed + longest > within
    else:
        assert done < times
        assert (asked or 0) <= seconds <= longest
        assert elapsed + seconds <= within


def test_many_who_were_sent_away_together_do_not_come_back_together() -> None:
    retries, chance = Retries(), World().chance
    waits = {retries.wait(2, 0.0, 1, chance()) for _ in range(100)}
    assert len(waits) > 90


@pytest.mark.parametrize("bad", [{"times": -1}, {"within": -1.0}, {"within": math.nan}])
def test_retries_that_cannot_be_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(sdk.MisconfiguredClient, match="0 or more"):
        Retries(**bad)  # type: ignore[arg-type]  # that is the example


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (lost(Reach.UNSENT), True),
        (lost(Reach.UNKNOWN), True),
        (lost(Reach.HOPELESS), False),
        (answer(429, "rate_limited"), True),
        (answer(503, "busy"), True),
        (answer(503, "x", media="xhtml"), True),
        (answer(500, "internal_error"), False),
        (answer(408, "request_timeout"), False),
    ],
    ids=["unsent", "unknown", "hopeless", "429", "503", "proxy-503", "500", "408"],
)
def test_the_table_of_what_is_sent_again(outcome: Answer | Lost, again: bool) -> None:
    assert may_help(outcome) is again


def test_a_body_is_the_same_in_every_attempt_whatever_becomes_of_its_parts() -> None:
    body = {"name": "ops"}
    talk = Talk(ENDPOINT, replace(CHANGE, body=body), None, Retries(), "a-key", 0.0)
    first = talk.request.content
    body["name"] = "other"
    assert isinstance(talk.heard(answer(503, "busy"), 0.0, 0.5), Wait)
    assert talk.request.content == first
