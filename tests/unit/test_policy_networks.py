"""The grammar of network restrictions: what is taken, how it is understood, and what is refused."""

import pytest

from keystead.core.arrival import parse_address
from keystead.core.errors import Invalid
from keystead.policy.networks import MAX_NETWORKS, allows, parse_network, parse_networks

TAKEN = {
    # Addresses.
    "191.224.1.22": "191.224.1.22",
    "0.0.0.0": "0.0.0.0",
    "255.255.255.255": "255.255.255.255",
    "127.0.0.1": "127.0.0.1",
    "10.0.0.0": "10.0.0.0",
    "2001:db8::7": "2001:db8::7",
    "2001:DB8::7": "2001:db8::7",
    "2001:0db8:0000:0000:0000:0000:0000:0007": "2001:db8::7",
    "::": "::",
    "::1": "::1",
    "::7f00:1": "::7f00:1",
    "fe80::1": "fe80::1",
    "ff02::1": "ff02::1",
    "1::": "1::",
    "2001:db8::192.0.2.1": "2001:db8::c000:201",
    # IPv4-mapped IPv6 is IPv4.
    "::ffff:10.0.0.1": "10.0.0.1",
    "::ffff:a00:1": "10.0.0.1",
    "::FFFF:10.0.0.1": "10.0.0.1",
    "0:0:0:0:0:ffff:10.0.0.1": "10.0.0.1",
    "::ffff:0.0.0.0": "0.0.0.0",
    # Blocks, with host bits or without.
    "10.0.0.0/8": "10.0.0.0/8",
    "192.168.1.0/24": "192.168.1.0/24",
    "192.168.1.30/24": "192.168.1.0/24",
    "192.168.1.255/24": "192.168.1.0/24",
    "192.168.1.129/25": "192.168.1.128/25",
    "10.255.255.255/9": "10.128.0.0/9",
    "10.0.0.1/32": "10.0.0.1/32",
    "10.0.0.1/31": "10.0.0.0/31",
    "128.0.0.0/1": "128.0.0.0/1",
    "200.1.2.3/1": "128.0.0.0/1",
    "0.0.0.0/1": "0.0.0.0/1",
    "1.2.3.4/1": "0.0.0.0/1",
    "0.0.0.0/32": "0.0.0.0/32",
    "2001:db8::/32": "2001:db8::/32",
    "2001:db8::7/32": "2001:db8::/32",
    "2001:db8::7/128": "2001:db8::7/128",
    "2001:db8::7/127": "2001:db8::6/127",
    "fe80::1/10": "fe80::/10",
    "8000::/1": "8000::/1",
    "::/1": "::/1",
    "::1/128": "::1/128",
    "::ffff:10.0.0.0/104": "10.0.0.0/8",
    "::ffff:10.1.2.3/104": "10.0.0.0/8",
    "::ffff:10.1.2.3/128": "10.1.2.3/32",
    "::ffff:10.1.2.3/97": "0.0.0.0/1",
    "::ffff:0:0/97": "0.0.0.0/1",
    # More than the mapped block is IPv6.
    "::ffff:0:0/95": "::fffe:0:0/95",
    "::/64": "::/64",
    # Ranges.
    "10.0.0.5-10.0.0.90": "10.0.0.5-10.0.0.90",
    "10.0.0.5-10.0.0.5": "10.0.0.5",
    "9.255.255.255-10.0.0.0": "9.255.255.255-10.0.0.0",
    "0.0.0.0-10.0.0.0": "0.0.0.0-10.0.0.0",
    "0.0.0.1-255.255.255.255": "0.0.0.1-255.255.255.255",
    "0.0.0.0-255.255.255.254": "0.0.0.0-255.255.255.254",
    "2001:db8::1-2001:db8::ff": "2001:db8::1-2001:db8::ff",
    "2001:db8::ff-2001:db8::ff": "2001:db8::ff",
    "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:10.0.0.1-::ffff:10.0.0.9": "10.0.0.1-10.0.0.9",
    "10.0.0.1-::ffff:10.0.0.9": "10.0.0.1-10.0.0.9",
    "224.1.1.10:224.1.2.1": "224.1.1.10-224.1.2.1",
    "10.0.0.1:10.0.0.1": "10.0.0.1",
    "0.0.0.0:0.0.0.0": "0.0.0.0",
}

LEADING, NO_FORM, NAME = "leading zero", "is no address", "host name"
PREFIX, OVER = "needs a prefix length", "prefix length over"
SPACE, EVERYWHERE, ZONE = "without white space", "every address", "zone id"
REFUSED = {
    # Nothing, and white space: one element is one entry.
    "": SPACE,
    " ": SPACE,
    " 10.0.0.1": SPACE,
    "10.0.0.1 ": SPACE,
    "10.0.0.1\n": SPACE,
    "10.0.0.5 - 10.0.0.90": SPACE,
    "10.0.0.1 10.0.0.2": SPACE,
    "10.0.0.1\t": SPACE,
    "10.0.0.1\u00a0": SPACE,
    "10.0.0.1\u2003": SPACE,
    "10.0.0.0 /8": SPACE,
    # Separators belong to typed text.
    "10.0.0.1,10.0.0.2": NO_FORM,
    "10.0.0.1;10.0.0.2": NO_FORM,
    # Octets.
    "010.0.0.1": LEADING,
    "10.00.0.1": LEADING,
    "10.0.0.01": LEADING,
    "10.0.0.010/24": LEADING,
    "10.0.0.1-10.0.0.010": LEADING,
    "256.0.0.1": NO_FORM,
    "10.0.0.256": NO_FORM,
    "10.0.0": NO_FORM,
    "10.0.0.1.2": NO_FORM,
    "10": NO_FORM,
    "167772161": NO_FORM,
    "0x0a000001": LEADING,
    "10.0.0.-1": NO_FORM,
    "-10.0.0.1": NO_FORM,
    "10..0.1": NO_FORM,
    ".10.0.0.1": NO_FORM,
    "10.0.0.1.": NO_FORM,
    "+10.0.0.1": NO_FORM,
    "1e1.0.0.1": NO_FORM,
    "\u0661\u0660.0.0.1": NO_FORM,
    "\uff11\uff10.0.0.1": NO_FORM,
    "[2001:db8::7]": NO_FORM,
    "[::1]:443": NO_FORM,
    "10.0.0.1:443": NO_FORM,
    "2001:db8::g": NO_FORM,
    "2001:db8:::7": NO_FORM,
    "2001::db8::7": NO_FORM,
    "1:2:3:4:5:6:7": NO_FORM,
    "1:2:3:4:5:6:7:8:9": NO_FORM,
    "12345::": NO_FORM,
    "::ffff:10.0.0.256": NO_FORM,
    "::ffff:010.0.0.1": NO_FORM,
    ":": NO_FORM,
    ":::": NO_FORM,
    # Zones.
    "fe80::1%eth0": ZONE,
    "fe80::1%": ZONE,
    "10.0.0.1%1": ZONE,
    "fe80::1%eth0/64": ZONE,
    # Prefix lengths.
    "10.0.0.0/33": OVER,
    "10.0.0.0/128": OVER,
    "10.0.0.0/999999999999999999999999999999": OVER,
    "2001:db8::/129": OVER,
    "10.0.0.0/": PREFIX,
    "10.0.0.0/-1": PREFIX,
    "10.0.0.0/+8": PREFIX,
    "10.0.0.0/08": PREFIX,
    "10.0.0.0/8.0": PREFIX,
    "10.0.0.0/x": PREFIX,
    "10.0.0.0/\u0668": PREFIX,
    "10.0.0.0/\u00b2": PREFIX,
    "10.0.0.0/8/8": PREFIX,
    "10.0.0.0//8": PREFIX,
    "10.0.0.0/255.0.0.0": PREFIX,
    "10.0.0.1-10.0.0.9/24": NO_FORM,
    "/8": NO_FORM,
    "/": NO_FORM,
    # Everywhere is said by leaving the list empty.
    "0.0.0.0/0": EVERYWHERE,
    "10.0.0.1/0": EVERYWHERE,
    "::/0": EVERYWHERE,
    "2001:db8::/0": EVERYWHERE,
    "0.0.0.0-255.255.255.255": EVERYWHERE,
    "0.0.0.0:255.255.255.255": EVERYWHERE,
    "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": EVERYWHERE,
    "::ffff:0:0/96": EVERYWHERE,
    # Ranges.
    "10.0.0.90-10.0.0.5": "first address is above",
    "224.1.2.1:224.1.1.10": "first address is above",
    "2001:db8::ff-2001:db8::1": "first address is above",
    "10.0.0.1-2001:db8::1": "mixes",
    "2001:db8::1-10.0.0.1": "mixes",
    "::1-::ffff:10.0.0.1": "mixes",
    "10.0.0.1-": NO_FORM,
    "-10.0.0.9": NO_FORM,
    "-": NO_FORM,
    "10.0.0.1--10.0.0.9": NO_FORM,
    "10.0.0.1-10.0.0.9-10.0.0.20": NO_FORM,
    "10.0.0.5-90": NO_FORM,
    "10.0.0.5\u201310.0.0.90": NO_FORM,
    "10.0.0.0/24-10.0.1.0/24": PREFIX,
    "10.0.0.1:10.0.0.2:10.0.0.3": NO_FORM,
    # Names and wild cards.
    "ci.example.com": NAME,
    "*.build.example.com": NAME,
    "CI.Example.COM": NAME,
    "my-host.example": NAME,
    "a-b.c-d.example": NAME,
    "xn--bcher-kva.example": NAME,
    "ci.example.com/24": NAME,
    "localhost": NO_FORM,
    "10.0.0.*": NO_FORM,
    "*": NO_FORM,
    "any": NO_FORM,
    "http://10.0.0.1": NO_FORM,
    "10.0.0.1#home": NO_FORM,
    "10.0.0.1\x00": NO_FORM,
    "\ud800": NO_FORM,
    "1" * 254: "longer than",
}


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(TAKEN) + len(REFUSED) >= 120


@pytest.mark.parametrize(("text", "interpreted"), TAKEN.items(), ids=ascii)
def test_it_is_taken_and_shown_as_understood(text: str, interpreted: str) -> None:
    network = parse_network(text)
    assert (network.text, network.interpreted) == (text, interpreted)
    assert network.low <= network.high


@pytest.mark.parametrize(("text", "rule"), REFUSED.items(), ids=ascii)
def test_it_is_refused_and_the_rule_named(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_network(text)


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("10.0.0.7", ["10.0.0.7", "::ffff:10.0.0.7"], ["10.0.0.6", "10.0.0.8", "::a00:7"]),
        ("192.168.1.30/24", ["192.168.1.0", "192.168.1.255"], ["192.168.0.255", "192.168.2.0"]),
        ("10.0.0.5-10.0.0.90", ["10.0.0.5", "10.0.0.90"], ["10.0.0.4", "10.0.0.91"]),
        ("224.1.1.10:224.1.2.1", ["224.1.1.255", "224.1.2.1"], ["224.1.1.9", "224.1.2.2"]),
        ("2001:db8::/32", ["2001:db8:ffff::1"], ["2001:db9::", "2001:db7:ffff::", "32.1.13.184"]),
        ("::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.0.0.1"], ["11.0.0.0", "::10.0.0.1"]),
        ("::1", ["::1"], ["127.0.0.1", "0.0.0.1", "::2"]),
        ("::/64", ["::1", "::0"], ["0.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"]),
    ],
)
def test_both_ends_are_inside_and_families_apart(
    entry: str, inside: list[str], outside: list[str]
) -> None:
    networks = [parse_network(entry)]
    assert [a for a in inside if not allows(networks, parse_address(a))] == []
    assert [a for a in outside if allows(networks, parse_address(a))] == []


def test_no_network_at_all_lets_nobody_in() -> None:
    assert not allows([], parse_address("127.0.0.1"))


def test_one_of_several_is_enough() -> None:
    networks = parse_networks(["10.0.0.0/8", "2001:db8::/32"])
    assert allows(networks, parse_address("2001:db8::1"))
    assert allows(networks, parse_address("10.1.1.1"))
    assert not allows(networks, parse_address("11.1.1.1"))


def test_entries_that_mean_the_same_count_once_and_the_first_spelling_stays() -> None:
    found = parse_networks(["192.168.1.30/24", "192.168.1.0/24", "::ffff:10.0.0.1", "10.0.0.1"])
    assert [(n.text, n.interpreted) for n in found] == [
        ("192.168.1.30/24", "192.168.1.0/24"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ]


def test_ten_different_entries_are_the_most() -> None:
    ten = [f"10.0.0.{n}" for n in range(MAX_NETWORKS)]
    assert len(parse_networks([*ten, *ten])) == MAX_NETWORKS
    with pytest.raises(Invalid) as refused:
        parse_networks([*ten, "10.0.1.0"])
    assert [e.field for e in refused.value.errors] == ["networks"]
    assert len(parse_networks([*ten, "10.0.1.0"], limit=11)) == 11


def test_every_wrong_entry_is_named_by_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        parse_networks(["10.0.0.1", "10.0.0.01", "0.0.0.0/0", "10.0.0.2", "ci.example.com"])
    assert [e.field for e in refused.value.errors] == ["networks[1]", "networks[2]", "networks[4]"]


@pytest.mark.parametrize(
    "texts",
    [
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["0.0.0.1-255.255.255.255"],
        ["0.0.0.0/1", "10.0.0.0/8", "128.0.0.0"],
        ["::/1", "8000::/1"],
    ],
)
def test_a_list_that_restricts_next_to_nothing_is_refused(texts: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        parse_networks(texts)
    assert [e.field for e in refused.value.errors] == ["networks"]


def test_what_overlaps_counts_once() -> None:
    texts = ["0.0.0.0/1", "10.0.0.0/8", "0.0.0.0/2", "::/1"]
    assert [n.text for n in parse_networks(texts)] == texts
