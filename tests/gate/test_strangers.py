"""What refusals may cost: entries, summaries, and answers to failed presentations."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from keystead.core.clock import MINUTE, SECOND
from keystead.core.errors import Refused, Throttled, Unavailable
from keystead.core.secret import Secret
from keystead.crypto.token_format import mint
from keystead.gate.visit import Visit
from keystead.operations.audit import begin_export
from keystead.operations.credentials import credentials
from keystead.operations.whoami import whoami
from keystead.policy.permissions import Permission
from keystead.store.sqlite.store import SQLiteStore
from keystead.upkeep import system_arrival
from tests.gate.houses import Home, at_home

if TYPE_CHECKING:
    from pathlib import Path


NOBODY = Secret("not a token at all")


async def knock(home: Home, token: Secret | None = NOBODY, address: str = "192.0.2.1") -> str:
    arrival = (
        home.arrival(token, address) if token else home.arrival(address=address, presented=None)
    )
    try:
        await home.house.gate.perform(whoami, Visit(arrival))
    except Refused as refusal:
        return refusal.code
    return "ok"


async def refused(home: Home) -> int:
    return len(await home.entries(decision="refused"))


def test_ten_entries_a_minute_and_address_and_the_rest_in_one_summary(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            for _ in range(25):
                assert await knock(home) == "invalid_credential"
            assert await knock(home, address="192.0.2.2") == "invalid_credential"
            assert await refused(home) == 11

            await home.house.gate.summarise(system_arrival(home.clock))
            await home.house.gate.summarise(system_arrival(home.clock))
            (summary,) = await home.entries(decision="summary")
            assert json.loads(summary.bytes)["event"]["facts"] == {"addresses": 1, "refusals": 15}

            home.clock.go_on(MINUTE)
            await knock(home)
            assert await refused(home) == 12, "a new minute, a new count"
            assert home.intact()

    asyncio.run(run())


def test_a_hundred_entries_a_minute_in_all(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            for i in range(130):
                await knock(home, address=f"192.0.2.{i}")
            assert await refused(home) == 100
            await home.house.gate.summarise(system_arrival(home.clock))
            (summary,) = await home.entries(decision="summary")
            assert json.loads(summary.bytes)["event"]["facts"] == {"addresses": 30, "refusals": 30}

    asyncio.run(run())


def test_after_sixty_failures_further_ones_are_asked_to_wait(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            home.clock.go_on(20 * SECOND - home.clock.at % MINUTE)
            codes = [await knock(home) for _ in range(62)]
            assert codes == ["invalid_credential"] * 60 + ["rate_limited"] * 2
            with pytest.raises(Throttled) as caught:
                await home.house.gate.perform(whoami, Visit(home.arrival(NOBODY, "192.0.2.1")))
            assert caught.value.retry_after == 40
            assert await knock(home, address="192.0.2.2") == "invalid_credential"
            assert await knock(home, None) == "missing_credential", "nothing was presented"
            home.clock.go_on(40 * SECOND)
            assert await knock(home) == "invalid_credential"

    asyncio.run(run())


def test_a_good_credential_is_never_refused_for_others_failures(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            for _ in range(100):
                await knock(home)
            assert await knock(home, home.token) == "ok"

    asyncio.run(run())


def test_malformed_and_unknown_are_one_answer_and_two_reasons(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            assert await knock(home) == "invalid_credential"
            assert await knock(home, mint("t", "0" * 12)) == "invalid_credential"
            rules = [
                json.loads(entry.bytes)["event"]["rule"]
                for entry in await home.entries(decision="refused")
            ]
            assert rules == ["malformed", "unknown"]

    asyncio.run(run())


def test_sixty_refusals_a_minute_of_a_known_credential_and_the_rest_in_one_summary(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(expires_at=home.clock.at + MINUTE)
            narrow, other = await home.issue(Permission.AUDIT_READ)
            home.clock.go_on(MINUTE)
            for _ in range(70):
                assert await knock(home, token) == "credential_expired"
            assert await refused(home) == 60
            await home.house.gate.perform(credentials.revoke_credential, ours(home), made.id)
            for _ in range(5):
                assert await knock(home, token) == "credential_revoked"
            assert await refused(home) == 60
            assert await asked_too_much(home, narrow) == "insufficient_scope"
            assert await refused(home) == 61, "each credential has its own count"

            await home.house.gate.summarise(system_arrival(home.clock))
            await home.house.gate.summarise(system_arrival(home.clock))
            (summary,) = await home.entries(decision="summary")
            told = json.loads(summary.bytes)["event"]
            assert (told["verb"], told["actor"]["credential_id"]) == ("audit.summary", made.id)
            assert told["facts"] == {"credential_expired": 10, "credential_revoked": 5}
            assert await home.entries(credential_id=other.id, decision="summary") == []

            home.clock.go_on(MINUTE)
            assert await knock(home, token) == "credential_revoked"
            assert await refused(home) == 62, "a new minute, a new count"
            assert home.intact()

    asyncio.run(run())


def ours(home: Home) -> Visit:
    return Visit(home.arrival())


async def asked_too_much(home: Home, token: Secret) -> str:
    with pytest.raises(Refused) as caught:
        await home.house.gate.perform(begin_export, Visit(home.arrival(token)))
    return caught.value.code


def test_a_summary_that_cannot_be_written_is_told_later(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            for _ in range(15):
                await knock(home)
            store = home.house.store
            assert isinstance(store, SQLiteStore)
            writer = store._writer._run.connection
            writer.execute("PRAGMA query_only=ON")
            with pytest.raises(Unavailable):
                await home.house.gate.summarise(system_arrival(home.clock))
            writer.execute("PRAGMA query_only=OFF")
            await knock(home)
            await home.house.gate.summarise(system_arrival(home.clock))
            (summary,) = await home.entries(decision="summary")
            assert json.loads(summary.bytes)["event"]["facts"] == {"addresses": 1, "refusals": 6}

    asyncio.run(run())


def test_summaries_of_credentials_that_cannot_be_written_are_told_later(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue(expires_at=home.clock.at + SECOND)
            home.clock.go_on(SECOND)
            for _ in range(63):
                await knock(home, token)
            store = home.house.store
            assert isinstance(store, SQLiteStore)
            writer = store._writer._run.connection
            writer.execute("PRAGMA query_only=ON")
            with pytest.raises(Unavailable):
                await home.house.gate.summarise(system_arrival(home.clock))
            writer.execute("PRAGMA query_only=OFF")
            await knock(home, token)
            await home.house.gate.summarise(system_arrival(home.clock))
            (summary,) = await home.entries(credential_id=made.id, decision="summary")
            assert json.loads(summary.bytes)["event"]["facts"] == {"credential_expired": 4}

    asyncio.run(run())


def test_a_token_in_a_url_is_entered_under_its_credential(tmp_path: Path) -> None:
    async def run() -> None:
        async with at_home(tmp_path / "data") as home:
            token, made = await home.issue()
            await home.house.gate.refuse_in_query(home.arrival(presented=None), token)
            await home.house.gate.refuse_in_query(home.arrival(presented=None), NOBODY)
            exposed = await home.entries(verb="token.exposed")
            assert [entry.columns.credential_id for entry in exposed] == [made.id, ""]

    asyncio.run(run())
