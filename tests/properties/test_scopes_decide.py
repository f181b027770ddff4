"""The decision, whoever asks: allowed means that everything holds, and a bound more never helps."""

from hypothesis import given
from hypothesis import strategies as st

from keystead.core.arrival import Address, parse_address
from keystead.core.clock import Instant
from keystead.policy.decide import Question, Subject, decide
from keystead.policy.networks import Network, parse_network
from keystead.policy.permissions import KINDS_FOR, Permission
from keystead.policy.restrictions import (
    Circumstance,
    Disabled,
    Expiry,
    Networks,
    NotBefore,
    Restriction,
    Retired,
    Revoked,
)
from keystead.policy.roles import Role, may

AT = st.integers(0, 10).map(Instant)
ADDRESS: st.SearchStrategy[Address | None] = st.none() | st.integers(0, 7).map(
    lambda n: parse_address(f"10.0.0.{n}")
)
NETWORK: st.SearchStrategy[Network] = st.tuples(st.integers(0, 7), st.integers(24, 32)).map(
    lambda pair: parse_network(f"10.0.0.{pair[0]}/{pair[1]}")
)
BOUND: st.SearchStrategy[Restriction] = st.one_of(
    st.builds(Expiry, AT),
    st.builds(NotBefore, AT),
    st.builds(Retired, AT),
    st.builds(Networks, st.lists(NETWORK, max_size=3).map(tuple)),
    st.just(Revoked()),
    st.just(Disabled()),
)
SUBJECT = st.builds(
    Subject,
    st.sampled_from(["api_token", "session", "oauth_client", "api_key", "other"]),
    st.booleans(),
    st.frozensets(st.sampled_from(Role)),
    st.lists(BOUND, max_size=4).map(tuple),
    st.frozensets(st.sampled_from([p.value for p in Permission])),
)
QUESTION = st.tuples(st.none() | st.sampled_from(Permission), AT, ADDRESS, st.booleans()).map(
    lambda parts: Question(*parts)
)


@given(SUBJECT, QUESTION)
def test_allowed_means_that_every_part_holds(who: Subject, asked: Question) -> None:
    use = Circumstance(asked.at, asked.address)
    bounded = all(bound.check(use) is None for bound in who.bounds)
    held = asked.permission is None or (
        who.kind in KINDS_FOR[asked.permission]
        and may(who.roles, asked.permission)
        and asked.permission in who.scopes
    )
    whole = bounded and who.owner_active and not asked.exposed and who.kind in asked.kinds and held
    assert (decide(who, asked) is None) == whole


@given(SUBJECT, QUESTION, BOUND, st.data())
def test_one_bound_more_allows_nothing_more(
    who: Subject, asked: Question, bound: Restriction, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(who.bounds)))
    bounds = (*who.bounds[:place], bound, *who.bounds[place:])
    tighter = Subject(who.kind, who.owner_active, who.roles, bounds, who.scopes)
    if decide(tighter, asked) is None:
        assert decide(who, asked) is None


@given(SUBJECT, QUESTION, st.sampled_from(Role), st.sampled_from([p.value for p in Permission]))
def test_a_scope_or_a_role_less_allows_nothing_more(
    who: Subject, asked: Question, role: Role, scope: str
) -> None:
    poorer = Subject(
        who.kind, who.owner_active, who.roles - {role}, who.bounds, who.scopes - {scope}
    )
    if decide(poorer, asked) is None:
        assert decide(who, asked) is None
