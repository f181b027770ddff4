"""Where a token may be used from: addresses, ranges and blocks, as typed and as understood."""

from __future__ import annotations

import pytest

from tests.doors.cast import ok, problem
from tests.doors.tokens import WHOAMI, create, wrong
from tests.running import Server


def test_s6_a_token_without_networks_is_good_from_anywhere(server: Server) -> None:
    token, record = server.token("folders:list")
    assert record["networks"] == []
    for source in ("127.0.0.1", "127.3.2.1"):
        assert server.call("GET", WHOAMI, token=token, source=source).status == 200


@pytest.mark.parametrize(
    ("networks", "inside", "outside"),
    [
        (["127.0.0.5"], ["127.0.0.5"], ["127.0.0.4", "127.0.0.6"]),
        (["127.0.0.5", "127.0.1.0/30"], ["127.0.0.5", "127.0.1.3"], ["127.0.1.4"]),
        (["127.0.0.5-127.0.0.7"], ["127.0.0.5", "127.0.0.7"], ["127.0.0.4", "127.0.0.8"]),
        (["127.0.0.5:127.0.0.7"], ["127.0.0.5", "127.0.0.7"], ["127.0.0.4", "127.0.0.8"]),
        (["127.0.2.30/24"], ["127.0.2.0", "127.0.2.255"], ["127.0.1.255", "127.0.3.0"]),
        (["::ffff:127.0.0.5"], ["127.0.0.5"], ["127.0.0.6"]),
        (["2001:db8::/32"], [], ["127.0.0.5"]),
    ],
)
def test_c14_a_token_works_only_from_its_networks(
    server: Server, networks: list[str], inside: list[str], outside: list[str]
) -> None:
    token, _ = server.token("folders:list", networks=networks)
    for source in inside:
        assert server.call("GET", WHOAMI, token=token, source=source).status == 200, source
    for source in outside:
        answer = server.call("GET", WHOAMI, token=token, source=source)
        assert problem(answer) == (403, "network_denied"), source
        assert "127." not in answer.body.decode()


@pytest.mark.parametrize(
    ("text", "interpreted"),
    [
        ("191.224.1.22", "191.224.1.22"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("10.0.0.5-10.0.0.90", "10.0.0.5-10.0.0.90"),
    ],
)
def test_s7_an_address_is_kept_as_typed_and_shown_as_understood(
    server: Server, text: str, interpreted: str
) -> None:
    made = ok(create(server, networks=[text]), 201)["credential"]
    assert made["networks"] == [{"text": text, "interpreted": interpreted}]


def test_s7_entries_that_mean_the_same_are_one(server: Server) -> None:
    same = ["10.0.0.0/24", "10.0.0.7/24", "10.0.0.0/24"]
    made = ok(create(server, networks=same), 201)["credential"]
    assert made["networks"] == [{"text": "10.0.0.0/24", "interpreted": "10.0.0.0/24"}]


def test_s8_a_range_with_colon_is_understood(server: Server) -> None:
    made = ok(create(server, networks=["224.1.1.10:224.1.2.1"]), 201)["credential"]
    assert made["networks"][0]["interpreted"] == "224.1.1.10-224.1.2.1"


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.9-10.0.0.1",
        "10.0.0.9:10.0.0.1",
        "10.0.0.1-2001:db8::1",
        "10.0.0.01",
        "10.0.0.1/33",
        "fe80::1%eth0",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0-255.255.255.255",
        " 10.0.0.1",
        "10.0.0.1, 10.0.0.2",
        "",
        "10.0.0",
        "1",
    ],
)
def test_s8_what_is_no_network_is_refused_by_its_place(server: Server, text: str) -> None:
    assert "networks[1]" in wrong(create(server, networks=["10.0.0.1", text]))


@pytest.mark.parametrize("text", ["ci.example.com", "*.build.example.com", "a-b.example"])
def test_s6_a_host_name_is_refused_with_the_reason_for_now(server: Server, text: str) -> None:
    assert "host name" in wrong(create(server, networks=[text]))["networks[0]"]


def test_s9_a_block_with_host_bits_is_shown_as_interpreted(server: Server) -> None:
    made = ok(create(server, networks=["192.168.1.30/24"]), 201)["credential"]
    assert made["networks"] == [{"text": "192.168.1.30/24", "interpreted": "192.168.1.0/24"}]


def test_c12_an_eleventh_network_is_refused(server: Server) -> None:
    ten = [f"10.0.0.{i}" for i in range(10)]
    assert len(ok(create(server, networks=[*ten, ten[0]]), 201)["credential"]["networks"]) == 10
    assert "networks" in wrong(create(server, networks=[*ten, "10.0.0.10"]))
