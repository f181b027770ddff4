"""Network restrictions against the standard library's idea of addresses."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import assume, example, given
from hypothesis import strategies as st

from keystead.core.arrival import parse_address
from keystead.core.errors import Invalid
from keystead.policy.networks import allows, parse_network, parse_networks

Either = IPv4Address | IPv6Address
V4, V6 = st.ip_addresses(v=4), st.ip_addresses(v=6)
ADDRESS = V4 | V6 | V4.map(lambda a: IPv6Address(f"::ffff:{a}"))
LOOSE = st.text(st.sampled_from("0123456789abcdef:./-%*x \n\u0661\uff11\ud800"), max_size=40)


def unmapped(address: Either) -> Either:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


@given(st.text(st.characters(), max_size=300) | LOOSE)
@example("::ffff:0:0/96")
@example("0/0")
@example("1.2.3.4/\u00b2")
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        network = parse_network(text)
    except ValueError:
        return
    # What is understood is understood the same way when it is read again.
    again = parse_network(network.interpreted)
    assert again.interpreted == network.interpreted
    assert (again.version, again.low, again.high) == (network.version, network.low, network.high)


@given(st.lists(LOOSE | ADDRESS.map(str), max_size=15))
def test_no_list_does_more_than_be_refused(texts: list[str]) -> None:
    try:
        found = parse_networks(texts)
    except Invalid:
        return
    assert len({n.interpreted for n in found}) == len(found)


@given(ADDRESS, ADDRESS)
def test_an_address_lets_in_itself_alone(wanted: Either, caller: Either) -> None:
    let_in = allows([parse_network(str(wanted))], parse_address(str(caller)))
    assert let_in == (unmapped(wanted) == unmapped(caller))
    assert allows([parse_network(str(wanted))], parse_address(str(wanted)))


@given(V4, st.integers(1, 32), V4)
def test_a_block_of_ipv4_is_what_the_library_says(
    base: Either, length: int, caller: Either
) -> None:
    network, block = parse_network(f"{base}/{length}"), ip_network((base, length), strict=False)
    assert network.interpreted == str(block)
    for each in (caller, block[0], block[-1], unmapped(caller)):
        assert allows([network], parse_address(str(each))) == (each in block)
    mapped = parse_address(f"::ffff:{caller}")
    assert allows([network], mapped) == (caller in block)


@given(V6, st.integers(1, 128), V6)
def test_a_block_of_ipv6_is_what_the_library_says(
    base: Either, length: int, caller: Either
) -> None:
    assume(unmapped(base).version == unmapped(caller).version == 6)
    block = ip_network((base, length), strict=False)
    assume(length < 96 or unmapped(block.network_address).version == 6)
    network = parse_network(f"{base}/{length}")
    assert network.interpreted == str(block)
    assert allows([network], parse_address(str(caller))) == (caller in block)


@given(V4, st.integers(97, 128), V4)
def test_a_mapped_block_is_the_ipv4_block(base: Either, length: int, caller: Either) -> None:
    network = parse_network(f"::ffff:{base}/{length}")
    block = ip_network((base, length - 96), strict=False)
    assert network.interpreted == str(block)
    assert allows([network], parse_address(str(caller))) == (caller in block)


@given(V4 | V6, V4 | V6, V4 | V6, st.sampled_from("-:"))
def test_a_range_holds_what_lies_between(
    one: Either, other: Either, caller: Either, mark: str
) -> None:
    one, other, caller = (ip_address(str(unmapped(a))) for a in (one, other, caller))
    assume(one.version == other.version and (mark == "-" or one.version == 4))
    low, high = sorted((one, other))
    assume(int(low) != 0 or int(high) != (1 << low.max_prefixlen) - 1)
    network = parse_network(f"{low}{mark}{high}")
    inside = caller.version == low.version and int(low) <= int(caller) <= int(high)
    assert allows([network], parse_address(str(caller))) == inside
