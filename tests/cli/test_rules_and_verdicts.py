"""`keystead settings` and `keystead verify`, for people and for programs, on a server of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from keystead.policy.samples.reading import read_sample
from tests.cli.conftest import Keystead, answer, error
from tests.running import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("rules") / "data") as found:
        yield found


def test_the_rules_are_shown_and_changed(admin: Keystead) -> None:
    before = answer(admin("settings", "show", "--json"))
    assert "max lifetime days:" in admin("settings", "show").out
    line = ("settings", "edit", "--max-lifetime-days", "30", "--no-allow-never", "--json")
    changed = answer(admin(*line))
    assert changed == before | {"max_lifetime_days": 30, "allow_never": False}
    refused = admin("token", "create", "x", "--expires", "never", "--scope", "folders:list")
    assert refused.code == 6
    back = admin("settings", "edit", "--max-lifetime-days", "none", "--allow-never")
    assert back.code == 0
    assert answer(admin("settings", "show", "--json")) == before


@pytest.mark.parametrize("more", [(), ("--max-lifetime-days", "soon"), ("--max-networks", "x")])
def test_a_change_that_says_none_is_a_usage_error(admin: Keystead, more: tuple[str, ...]) -> None:
    assert error(admin("settings", "edit", *more, "--json"))["exit"] == 2


class TestVerify:
    API = "https://scanner.example"

    @pytest.fixture(scope="class")
    @staticmethod
    def key(server: Server) -> str:
        made = server.call("POST", "/api/v1/apis", sample() | {"identifier": TestVerify.API})
        assert made.status == 201, made.body
        access = [{"api": TestVerify.API, "scopes": ["scan:read"]}]
        wanted = {"kind": "api_key", "name": "Partner", "expires_at": None, "access": access}
        return str(server.call("POST", "/api/v1/credentials", wanted).json()["secret"])

    def test_a_good_one_ends_with_zero(self, admin: Keystead, key: str) -> None:
        line = ("verify", "--audience", self.API, "--scope", "scan:read")
        said = admin(*line, stdin=f"{key}\n".encode())
        assert said.code == 0
        assert "VALID" in said.out
        assert key not in said.out + said.err
        found = answer(admin(*line, "--json", stdin=key.encode()))
        assert (found["active"], found["credential"]["name"]) == (True, "Partner")

    @pytest.mark.parametrize(
        ("scopes", "code"),
        [
            (("scan:create",), "INSUFFICIENT_SCOPE"),
            (("scan:read", "scan:create"), "INSUFFICIENT_SCOPE"),
        ],
    )
    def test_one_that_is_not_good_for_it_ends_with_three(
        self, admin: Keystead, key: str, scopes: tuple[str, ...], code: str
    ) -> None:
        asked = [word for scope in scopes for word in ("--scope", scope)]
        ended = admin("verify", "--audience", self.API, *asked, "--json", stdin=key.encode())
        assert (ended.code, json.loads(ended.out)["code"]) == (3, code)

    def test_without_one_nothing_is_asked(self, admin: Keystead) -> None:
        assert error(admin("verify", "--json"))["exit"] == 2


def sample() -> dict[str, object]:
    return dict(json.loads(read_sample("scanner")))
