"""A secret shows itself to `reveal()` alone."""

import copy
import dataclasses
import hmac
import json
import logging
import pickle
import pprint
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import keystead_client as sdk
from keystead_client import Answer, Client, Secret, TokenSource, accounts, credentials
from keystead_client._core.endpoint import Endpoint
from keystead_client._core.exchange import Request
from keystead_client.records import SecretValue
from tests.client.asking import Make, shown_with_variables
from tests.client.peer import CREDENTIAL, TOKEN, Fault, Peer, Reply, problem, reply

SHOWN: dict[str, Callable[[Secret], object]] = {
    "str": str,
    "repr": repr,
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "list": lambda secret: [secret, {"a": secret}],
    "pprint": pprint.pformat,
    "json-by-str": lambda secret: json.dumps(secret, default=str),
}
PICKLES: dict[str, Callable[[Secret], object]] = {
    f"pickle-{n}": partial(pickle.dumps, protocol=n) for n in range(pickle.HIGHEST_PROTOCOL + 1)
}
REFUSED: dict[str, Callable[[Secret], object]] = {
    "format": format,
    "format-with-width": lambda secret: f"{secret:>20}",
    "json": json.dumps,
    "json-by-vars": lambda secret: json.dumps(secret, default=vars),
    "hash": hash,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "state": Secret.__getstate__,
    "reduce": Secret.__reduce__,
    **PICKLES,
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_it_does_not_print(show: Callable[[Secret], object]) -> None:
    assert "hunter2" not in str(show(Secret("hunter2")))


@pytest.mark.parametrize("turn", REFUSED.values(), ids=REFUSED)
def test_it_is_not_turned_into_anything(turn: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        turn(Secret("hunter2"))
    assert "hunter2" not in shown_with_variables(caught.value)


def test_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").warning("fetched %s %r", Secret("hunter2"), Secret("hunter2"))
    assert "hunter2" not in caplog.text
    assert "Secret(…)" in caplog.text


def test_a_record_that_holds_one_does_not_print_it_and_is_not_taken_apart() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    value = SecretValue(account_id="a", version=1, fields={"p": Secret("hunter2")}, created_at=at)
    assert "hunter2" not in f"{value!r} {value}"
    with pytest.raises(TypeError):
        dataclasses.asdict(value)
    with pytest.raises(TypeError):
        pickle.dumps(value)


@given(st.text(), st.text())
def test_it_equals_what_has_the_same_text(one: str, other: str) -> None:
    assert Secret(one) == Secret(one)
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) != one
    assert bool(Secret(one)) is bool(one)


def test_it_compares_halves_of_characters_and_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[object, object]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert Secret("a\ud800") != Secret("a\ud801")
    assert len(compared) == 1


def test_what_carries_one_does_not_print_it() -> None:
    call = accounts.create("fold_1", "orders", {"password": Secret("hunter2")})
    carriers = [
        call,
        Endpoint("https://keystead.example.org"),
        Request("GET", "https://x", {"authorization": TOKEN}, b"hunter2"),
        Request("GET", "https://x", {}, b"").bearing(Secret(TOKEN)),
        Answer(200, {"x": TOKEN}, b"hunter2"),
        TokenSource.fixed(TOKEN),
    ]
    with Client("https://keystead.example.org", TOKEN) as client:
        assert repr(client) == "Client('https://keystead.example.org')"
        shown = repr([*carriers, client, vars(client)])
    assert TOKEN not in shown
    assert "hunter2" not in shown


class TestTraceback:
    """What tools show that print every variable of every frame, as error trackers do."""

    @pytest.mark.parametrize(
        "answer",
        [
            Reply(200, b'{"credential": {}, "secret": "hunter2"}'),
            Reply(200, json.dumps({"credential": CREDENTIAL, "secret": ["hunter2"]}).encode()),
            Reply(200, b"hunter2"),
            Reply(500, b"hunter2"),
            Fault.DROP,
            Fault.CUT,
            problem(401, "credential_expired"),
            problem(403, "insufficient_scope"),
        ],
        ids=["field", "form", "no-json", "stranger", "dropped", "cut", "401", "403"],
    )
    def test_of_a_call_shows_neither_token_nor_answer(
        self, make: Make, peer: Peer, answer: Reply | Fault
    ) -> None:
        peer.on("POST /api/v1/credentials", answer)
        asker = make(peer.url, times=0)
        with pytest.raises(sdk.KeysteadError) as caught:
            asker.send(credentials.create("x", expires_at=None))
        shown = shown_with_variables(caught.value)
        assert "\nsend: " in shown
        assert TOKEN not in shown
        assert "hunter2" not in shown
        assert caught.value.__context__ is None

    def test_of_an_endless_answer_shows_none_of_it(
        self, make: Make, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("keystead_client._io.transport._LARGEST_ANSWER", 1000)
        peer.on("GET /api/v1/whoami", Reply(200, b"hunter2" * 10_000))
        asker = make(peer.url)
        with pytest.raises(sdk.UnexpectedAnswer, match="does not end") as caught:
            asker.send(credentials.whoami())
        assert "hunter2" not in shown_with_variables(caught.value)
        assert len(peer.asked) == 1

    def test_of_a_client_that_cannot_be_shows_no_token(self, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text("hunter2 and more")
        wrong: list[dict[str, str]] = [
            {"url": "http://keystead.example.org", "token": TOKEN},
            {"url": "not an address", "token": TOKEN},
            {"url": "https://keystead.example.org", "token": "hunter2 and more"},
            {"url": "https://keystead.example.org", "token_file": str(file)},
        ]
        for arguments in wrong:
            with pytest.raises(sdk.MisconfiguredClient) as caught:
                Client(**arguments)  # type: ignore[arg-type]  # each is a text that it takes
            shown = shown_with_variables(caught.value)
            assert TOKEN not in shown
            assert "hunter2" not in shown

    def test_of_a_fetched_value_shows_none(self, make: Make, peer: Peer) -> None:
        value = {
            "account_id": "acct_1",
            "version": 1,
            "fields": {"other": "hunter2"},
            "created_at": "2026-11-22T03:00:00Z",
        }
        peer.on("GET /api/v1/secrets/ops/db?field=password", reply(value))
        asker = make(peer.url)
        with pytest.raises(sdk.NotFound, match="no such field") as caught:
            asker.fetch("ops/db")
        assert "hunter2" not in shown_with_variables(caught.value)
