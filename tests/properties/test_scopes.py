"""Scopes and levels, whatever was given."""

from hypothesis import given
from hypothesis import strategies as st

from keystead.policy.catalogue.catalogue import APIs
from keystead.policy.permissions import RESOURCES, Permission
from keystead.policy.scopes import Access, Level, expand, scopes_for, wrong_access

LEVELS: st.SearchStrategy[Level] = st.sampled_from(["read", "write"])
KNOWN = st.sampled_from([p.value for p in Permission])
RESOURCE = st.sampled_from(sorted(RESOURCES))
ACCESS = st.builds(
    Access,
    st.just("keystead") | st.text(max_size=12),
    st.lists(KNOWN | st.text(max_size=20), max_size=8).map(tuple),
    st.dictionaries(RESOURCE | st.text(max_size=12), LEVELS, max_size=4),
)


@given(st.lists(ACCESS, max_size=4).map(tuple))
def test_what_passes_the_check_holds_known_permissions_alone(access: tuple[Access, ...]) -> None:
    if wrong_access(access, APIs()):
        return
    held = scopes_for("keystead", access)
    assert held
    assert held <= {p.value for p in Permission}


@given(st.lists(ACCESS, max_size=4), ACCESS)
def test_giving_more_takes_nothing_away(access: list[Access], more: Access) -> None:
    assert scopes_for("keystead", access) <= scopes_for("keystead", [*access, more])


@given(st.lists(KNOWN, max_size=8).map(tuple), st.dictionaries(RESOURCE, LEVELS))
def test_nothing_is_held_that_was_not_given(
    scopes: tuple[str, ...], levels: dict[str, Level]
) -> None:
    held = expand(Access("keystead", scopes, levels))
    assert set(scopes) <= held
    for scope in held - set(scopes):
        resource, _, action = scope.partition(":")
        if resource in levels:
            assert action in {"list", "read", "write", "create", "edit", "delete"}
            assert (
                levels[resource] == "write" or action in {"list", "read"} or scope == "secrets:read"
            )
        else:
            assert scope == "secrets:read"
            assert "secrets:write" in scopes


@given(RESOURCE)
def test_level_write_takes_in_level_read(resource: str) -> None:
    read = expand(Access("keystead", (), {resource: "read"}))
    write = expand(Access("keystead", (), {resource: "write"}))
    assert read <= write or not write
