"""Law 4: a crash loses no answered act and leaves no half-done one."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from keystead.installation import verify_audit
from tests.crash.line import Line
from tests.crash.places import Place, place_on
from tests.crash.processes import cut_power
from tests.crash.stream import Stream
from tests.oauth.asking import GRANT, TOKEN, error, post
from tests.oauth.signing import proof_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.figures import Figures
    from tests.running import Server

ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
BOTH = pytest.mark.parametrize("engine", ["sqlite", ON_POSTGRESQL])


@BOTH
@pytest.mark.parametrize(("workers", "kills"), [(1, 2), (2, 1)])
def test_a_power_cut_loses_no_answered_act(
    tmp_path: Path, engine: str, workers: int, kills: int
) -> None:
    with place_on(engine, tmp_path / "data") as place:
        kill_series(place, workers, kills)


@pytest.mark.trial
@BOTH
@pytest.mark.parametrize("workers", [1, 2])
def test_fifty_power_cuts_lose_no_answered_act(
    tmp_path: Path, engine: str, workers: int, figures: Figures
) -> None:
    with place_on(engine, tmp_path / "data") as place:
        answered = kill_series(place, workers, kills=50)
    figures.write(
        f"Fifty power cuts ({engine}, workers: {workers})",
        acts_answered=f"{answered:,}",
        lost=0,
    )


def kill_series(place: Place, workers: int, kills: int) -> int:
    """Return how many acts were answered, each of which was then found."""
    arguments = () if workers == 1 else ("--workers", str(workers))
    # Else it is another one after each start: the URL of another port.
    with (place.data / "keystead.toml").open("a") as settings:
        settings.write('issuer = "https://keys.example.com"\n')
    server = place.start(*arguments)
    try:
        folder = server.folder()
        accounts = [server.account(folder["id"])["id"] for _ in range(3)]
        answered = 0
        for number in range(kills):
            stream = Stream(server, accounts, f"round {number}")
            stream.begin()
            time.sleep(random.uniform(0.2, 0.9))
            cut_power(server)
            stream.end()
            assert stream.faults == []
            server = place.start(*arguments)
            check_kept(server, stream, set(request_ids(place)))
            check_no_half_done_act(place)
            check_one_token_of_each_assertion(place, stream)
            check_chain(place)
            answered += sum(len(told.entered) for told in stream.answered)
        assert answered >= 10 * kills, "the stream was too thin to prove anything"
        return answered
    finally:
        cut_power(server)


def check_kept(server: Server, stream: Stream, entered: set[str]) -> None:
    """Check that everything is as the stream was told, and entered."""
    line = Line(server, server.admin_token)
    for told in stream.answered:
        for token, credential_id in told.good.items():
            status, found, _ = line.ask("GET", "/api/v1/whoami", token=token)
            assert (status, found["credential"]["id"]) == (200, credential_id)
        for token in told.ended:
            status, found, _ = line.ask("GET", "/api/v1/whoami", token=token)
            assert (status, found["code"]) == (401, "credential_revoked")
        for (account, version), value in told.written.items():
            status, found, _ = line.ask(
                "GET", f"/api/v1/accounts/{account}/secret?version={version}"
            )
            assert (status, found["fields"]) == (200, {"password": value})
        for token in told.lent:
            assert line.ask("GET", "/api/v1/whoami", token=token)[0] == 200
        for token in told.returned:
            status, found, _ = line.ask("GET", "/api/v1/whoami", token=token)
            assert (status, found["code"]) == (401, "credential_revoked")
    line.close()
    for told in stream.answered:
        assert told.entered <= entered
    check_spent(server, stream)


def check_spent(server: Server, stream: Stream) -> None:
    """Send every assertion once more: what was answered with a token is refused, and nothing else must be."""
    for told in stream.answered:
        for assertion in told.signed:
            answer = post(server, TOKEN, [GRANT, *proof_of(assertion)])
            if assertion in told.spent or answer.status != 200:
                assert error(answer) == (401, "invalid_client")


def check_one_token_of_each_assertion(place: Place, stream: Stream) -> None:
    """Check that none was spent without a token, and no token given without one."""
    with place.look() as look:
        rows = look("SELECT parent_id, count(*) FROM access_tokens GROUP BY parent_id")
    given = {parent: int(count) for parent, count in rows}
    for signer, told in zip(stream.signers, stream.answered, strict=True):
        assert given.get(signer.record["id"], 0) == len(told.signed)


def check_no_half_done_act(place: Place) -> None:
    with place.look() as look:

        def one(statement: str) -> int:
            return int(look(statement)[0][0])

        def entries(verb: str) -> int:
            return one(
                f"SELECT count(*) FROM audit_entries WHERE verb = '{verb}' AND decision = 'allowed'"
            )

        assert one("SELECT count(*) FROM credentials") == entries("credential.create")
        # Who signs has a key in the place of a secret.
        signers = one("SELECT count(*) FROM credentials WHERE public_jwks IS NOT NULL")
        assert one("SELECT count(*) FROM credential_secrets") + signers == (
            entries("credential.create") + entries("credential.rotate")
        )
        assert one("SELECT count(*) FROM credentials WHERE revoked_at IS NOT NULL") == (
            entries("credential.revoke")
        )
        assert (
            one(
                "SELECT count(*) FROM credentials c WHERE public_jwks IS NULL AND NOT EXISTS"
                " (SELECT 1 FROM credential_secrets s WHERE s.credential_id = c.id)"
            )
            == 0
        )
        assert one("SELECT count(*) FROM access_tokens") == entries("oauth.issue")
        assert one("SELECT count(*) FROM access_tokens WHERE revoked_at IS NOT NULL") == (
            entries("oauth.revoke")
        )
        assert one("SELECT count(*) FROM account_versions") == (
            entries("account.create") + entries("secret.write")
        )
        assert one("SELECT sum(version) FROM accounts") == (
            one("SELECT count(*) FROM account_versions")
        )
        assert one("SELECT n FROM generation") == (one("SELECT count(*) FROM generation_journal"))
        assert one("SELECT n FROM audit_heads") == one("SELECT count(*) FROM audit_entries")
        if place.url is None:
            assert look("PRAGMA integrity_check") == [("ok",)]


def check_chain(place: Place) -> None:
    (report,) = verify_audit(place.data, ())
    assert report.intact, report.findings


def request_ids(place: Place) -> Iterator[str]:
    with place.look() as look:
        rows = look("SELECT entry FROM audit_entries")
    for (entry,) in rows:
        with suppress(KeyError):
            yield json.loads(entry)["event"]["request_id"]
