"""GET /credentials/summary: what the list would show, counted. Rows C19 and C20."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, application, ok

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    with running_clocked(tmp_path_factory.mktemp("summary") / "data") as server:
        yield server


def issue(server: Clocked, kind: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    wanted = {"kind": kind, "name": name, "scopes": ["credentials:list"], "expires_at": None}
    made: dict[str, Any] = ok(server.call("POST", f"{V1}/credentials", {**wanted, **more}), 201)
    return made


def summary(server: Clocked, token: str | None = None) -> dict[str, tuple[int, ...]]:
    token = token or server.admin_token
    answer = ok(server.call("GET", f"{V1}/credentials/summary", token=token))
    assert answer["expiring_days"] == 30
    return {
        each["kind"]: (each["live"], each["expiring"], each["expired"], each["never_expires"])
        for each in answer["items"]
    }


def listed(server: Clocked, kind: str, state: str) -> int:
    path = f"{V1}/credentials?kind={kind}&state={state}&page_size=200"
    return len(ok(server.call("GET", path))["items"])


def test_it_counts_what_the_list_shows_as_time_goes_by(house: Clocked) -> None:
    before = summary(house)
    assert before.keys() == {"api_token", "api_key", "oauth_client"}
    end = house.after(days=40)
    for kind in before:
        issue(house, kind, "ending", expires_at=end)
        issue(house, kind, "lasting")
        off = issue(house, kind, "off")["credential"]["id"]
        ok(house.call("POST", f"{V1}/credentials/{off}/disable"))
    for added, instant in (
        ((2, 0, 0, 1), None),
        ((2, 1, 0, 1), house.after(days=10)),
        ((1, 0, 1, 1), end),
    ):
        if instant is not None:
            house.set(instant)
        for kind, counts in summary(house).items():
            assert counts == tuple(map(sum, zip(before[kind], added, strict=True)))
            assert counts[1:3] == (listed(house, kind, "expiring"), listed(house, kind, "expired"))


def test_it_counts_what_the_caller_may_see(house: Clocked) -> None:
    owner = application(house, "user")["id"]
    issue(house, "api_key", "of the house")
    mine = issue(house, "api_token", "of an application", owner_id=owner)
    assert summary(house, mine["secret"]) == {
        "api_token": (1, 0, 0, 1),
        "api_key": (0, 0, 0, 0),
        "oauth_client": (0, 0, 0, 0),
    }
    keeper = issue(house, "api_key", "keeper", type="key_admin")
    assert summary(house, keeper["secret"]) == {
        "api_token": (0, 0, 0, 0),
        "api_key": (1, 0, 0, 1),
        "oauth_client": (0, 0, 0, 0),
    }


def test_c19_what_has_expired_is_counted_from_its_end_on(house: Clocked) -> None:
    before = summary(house)["api_key"]
    end = house.after(days=1)
    gone = issue(house, "api_key", "gone", expires_at=end)["credential"]["id"]
    issue(house, "api_key", "deleted", expires_at=end)
    house.set(end, microseconds=-1)
    assert summary(house)["api_key"][2] == before[2] == listed(house, "api_key", "expired")
    house.set(end)
    assert summary(house)["api_key"][2] == before[2] + 2 == listed(house, "api_key", "expired")
    ok(house.call("DELETE", f"{V1}/credentials/{gone}"), 204)
    assert summary(house)["api_key"][2] == before[2] + 1 == listed(house, "api_key", "expired")


def test_c20_what_expires_within_30_days_is_counted(house: Clocked) -> None:
    before = summary(house)["api_key"]
    end = house.after(days=31)
    issue(house, "api_key", "ending", expires_at=end)
    issue(house, "api_key", "lasting")

    def expiring() -> int:
        counted = summary(house)["api_key"][1]
        assert counted == listed(house, "api_key", "expiring")
        return counted - before[1]

    found = []
    for span in ({"days": -30, "microseconds": -1}, {"days": -30}, {"microseconds": -1}, {}):
        house.set(end, **span)
        found.append(expiring())
    assert found == [0, 1, 1, 0], "from 30 days before its end on, and no more once it has ended"
