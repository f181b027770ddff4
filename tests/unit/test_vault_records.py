"""Folders, accounts and versions: places, paths, fields and check-and-set."""

import pytest

from keystead.core.errors import CheckFailed, Conflict, Invalid
from keystead.core.secret import Secret
from keystead.policy.roles import Right
from keystead.vault.account import MAX_NOTES, MAX_TAGS, AccountWish
from keystead.vault.folder import (
    MAX_DEPTH,
    MAX_GRANTS,
    FolderTree,
    FolderWish,
    require_place,
    split_path,
)
from keystead.vault.version import (
    MAX_FIELDS,
    MAX_VALUE_BYTES,
    next_number,
    require_fields,
    wrong_fields,
)


def tree(**parents: str | None) -> FolderTree:
    names = {folder: folder.upper() for folder in parents}
    return FolderTree(parents, names, {}, {(parents[f], f): f for f in parents})


OPS = tree(ops=None, db=("ops"), old="db", web="ops", other=None)


def test_a_path_is_found_whatever_its_case_and_is_told_as_it_was_written() -> None:
    assert OPS.find(["OPS", "Db", "old"]) == "old"
    assert OPS.find(["ops", "old"]) is None
    assert OPS.find(["db"]) is None
    assert OPS.find([]) is None
    assert OPS.path("old") == "OPS/DB/OLD"


@pytest.mark.parametrize("above", [["ops"], ["db", "ops"], ["old", "db", "ops"]])
def test_no_folder_moves_into_itself_or_below(above: list[str]) -> None:
    with pytest.raises(Conflict):
        require_place(above, 3, moving="ops")


def test_a_folder_moves_beside_itself_and_to_the_top() -> None:
    require_place(["ops"], 2, moving="db")
    require_place(["other"], 3, moving="ops")
    require_place([], 1, moving="old")


@pytest.mark.parametrize("height", [1, 2, MAX_DEPTH])
def test_the_tree_is_bounded_in_depth_with_what_moves_along(height: int) -> None:
    above = [f"f{n}" for n in range(MAX_DEPTH - height)]
    require_place(above, height, moving="top")
    require_place(above, height)
    with pytest.raises(Invalid):
        require_place([*above, "one more"], height, moving="top")


def test_a_circle_in_a_damaged_tree_ends_somewhere() -> None:
    damaged = FolderTree({"a": "b", "b": "a"}, {"a": "A", "b": "B"}, {}, {})
    assert damaged.path("a").startswith(("A/", "B/"))


@pytest.mark.parametrize(
    ("path", "parts"),
    [("ops", ["ops"]), ("ops/db/orders", ["ops", "db", "orders"]), ("a b/c", ["a b", "c"])],
)
def test_a_path_is_names_joined_by_slashes(path: str, parts: list[str]) -> None:
    assert split_path(path) == parts


@pytest.mark.parametrize(
    "path",
    ["", "/", "ops/", "/ops", "ops//db", "ops/../db", "ops/./db", "..", "ops/ .. ", "ops/a\uff0fb",
     "ops/a\x00", "ops/\u202e", "/".join("a" * 34), "ops/" + "x" * 256],
    ids=ascii,
)  # fmt: skip
def test_what_names_no_place_is_refused(path: str) -> None:
    with pytest.raises(Invalid):
        split_path(path)


def test_a_folder_s_wrong_fields_are_named() -> None:
    grants = {f"own_{n}": Right.USER for n in range(MAX_GRANTS + 1)}
    assert [e.field for e in FolderWish(name="a/b", grants=grants).wrong()] == ["name", "grants"]
    assert FolderWish(name="ops").wrong() == []
    assert [e.field for e in FolderWish(name=".").wrong()] == ["name"]


def test_an_account_s_wrong_fields_are_named_at_once() -> None:
    wish = AccountWish(
        name="a/b",
        username="x" * 256,
        target="a\nb",
        type="t" * 65,
        notes="n" * (MAX_NOTES + 1),
        tags=("prod", "PROD", "", "x" * 65),
    )
    assert [e.field for e in wish.wrong()] == [
        "name", "username", "target", "type", "notes", "tags[1]", "tags[2]", "tags[3]",
    ]  # fmt: skip
    assert AccountWish(name="orders", notes="two\nlines", tags=("a", "b")).wrong() == []
    many = tuple(str(n) for n in range(MAX_TAGS + 1))
    assert [e.field for e in AccountWish(tags=many).wrong()] == ["tags"]


def test_fields_of_a_secret_are_judged_and_never_shown() -> None:
    value = "hunter2-hunter2"
    wrong = wrong_fields(
        {
            "password": Secret(value),
            "bad name": Secret(value),
            "": Secret(value),
            "long": Secret("\u00e9" * (MAX_VALUE_BYTES // 2) + "x"),
            "empty": Secret(""),
        }
    )
    assert [e.field for e in wrong] == ["fields", "fields", "fields.long", "fields.empty"]
    assert value not in repr(wrong)
    assert wrong_fields({"k": Secret("x" * MAX_VALUE_BYTES), "tls.key-2": Secret("\n")}) == []


def test_a_secret_has_one_field_at_least_and_a_bounded_number() -> None:
    with pytest.raises(Invalid):
        require_fields({})
    require_fields({f"f{n}": Secret("x") for n in range(MAX_FIELDS)})
    with pytest.raises(Invalid):
        require_fields({f"f{n}": Secret("x") for n in range(MAX_FIELDS + 1)})


@pytest.mark.parametrize(("newest", "expected", "after"), [(1, None, 2), (1, 1, 2), (7, 7, 8)])
def test_the_next_version_follows_the_newest(newest: int, expected: int | None, after: int) -> None:
    assert next_number(newest, expected) == after


@pytest.mark.parametrize("expected", [0, 6, 8, -1])
def test_a_writer_who_believes_otherwise_is_refused(expected: int) -> None:
    with pytest.raises(CheckFailed) as refused:
        next_number(7, expected)
    assert refused.value.code == "cas_mismatch"
