"""Inherited rights on any tree of folders."""

from hypothesis import given
from hypothesis import strategies as st

from keystead.policy.permissions import Permission
from keystead.policy.roles import Right, Role, folder_allows, folders_where, inherited_rights

WHO = st.sampled_from(["own_a", "own_b", "own_c"])
GRANTS = st.dictionaries(WHO, st.sampled_from(Right), max_size=3)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    """Return folders, each below an earlier one or at the top, in any order of the dictionary."""
    parents: dict[str, str | None] = {}
    for n in range(draw(st.integers(1, 12))):
        parents[f"f{n}"] = draw(st.none() | st.sampled_from(sorted(parents))) if parents else None
    order = draw(st.permutations(sorted(parents)))
    return {folder: parents[folder] for folder in order}


@st.composite
def granted(draw: st.DrawFn) -> tuple[dict[str, str | None], dict[str, dict[str, Right]]]:
    parents = draw(trees())
    grants = draw(st.dictionaries(st.sampled_from(sorted(parents)), GRANTS, max_size=8))
    return parents, grants


def none_is_least(right: Right | None) -> int:
    return 0 if right is None else right


@given(granted(), st.lists(WHO, unique=True, max_size=3))
def test_a_right_is_the_greatest_on_the_way_up(
    placed: tuple[dict[str, str | None], dict[str, dict[str, Right]]], grantees: list[str]
) -> None:
    parents, grants = placed
    rights = inherited_rights(parents, grants, grantees)
    for folder in parents:
        best, here = 0, folder
        step: str | None = here
        while step is not None:
            best = max([best, *(grants.get(step, {}).get(g, 0) for g in grantees)])
            step = parents[step]
        assert none_is_least(rights.get(folder)) == best
        above = parents[folder]
        if above is not None:
            assert none_is_least(rights.get(folder)) >= none_is_least(rights.get(above))


@given(granted(), WHO, st.data())
def test_one_more_grant_takes_nothing_away(
    placed: tuple[dict[str, str | None], dict[str, dict[str, Right]]], who: str, data: st.DataObject
) -> None:
    parents, grants = placed
    folder = data.draw(st.sampled_from(sorted(parents)))
    held = grants.get(folder, {}).get(who)
    more = data.draw(st.sampled_from([r for r in Right if held is None or r >= held]))
    wider = {**grants, folder: {**grants.get(folder, {}), who: more}}
    before = inherited_rights(parents, grants, [who])
    after = inherited_rights(parents, wider, [who])
    assert all(after[f] >= right for f, right in before.items())
    assert after[folder] >= more


@given(
    st.frozensets(st.sampled_from(Role)),
    st.dictionaries(st.sampled_from(["f0", "f1", "f2"]), st.sampled_from(Right)),
    st.sampled_from(Permission),
)
def test_the_folders_listed_are_those_allowed_one_by_one(
    roles: frozenset[Role], rights: dict[str, Right], permission: Permission
) -> None:
    listed = folders_where(roles, rights, permission)
    for folder in ("f0", "f1", "f2", "f3"):
        allowed = folder_allows(roles, rights.get(folder), permission)
        assert allowed == (listed is None or folder in listed)
