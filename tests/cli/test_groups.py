"""`keystead group`, and the rights of groups on folders."""

from __future__ import annotations

from tests.cli.conftest import Ended, Keystead
from tests.running import Server


def said(ended: Ended) -> list[list[str]]:
    assert ended.code == 0, ended.err
    return [line.split(maxsplit=1) for line in ended.out.splitlines()]


def id_of(ended: Ended) -> str:
    return dict(said(ended))["id:"]


def test_a_group_is_made_shown_changed_and_deleted(admin: Keystead, server: Server) -> None:
    name, one, other = (server.unique(stem) for stem in ("group", "one", "other"))
    ids = [id_of(admin("owner", "create", each, "--kind", "application")) for each in (one, other)]
    made = admin("group", "create", name, "--member", one, "--member", ids[1])
    group = id_of(made)
    assert [value for key, value in said(made) if key == "member:"] == sorted(ids)
    assert admin("group", "show", name.upper()).out == made.out

    assert ["member:", ids[1]] in said(admin("group", "edit", name, "--remove-member", one))
    listed = admin("group", "list", "--member", ids[1], "--json")
    assert f'"id": "{group}"' in listed.out
    assert group not in admin("group", "list", "--member", one, "--all").out
    assert (
        said(admin("group", "edit", name, "--add-member", one, "--name", f"{name}s"))[1][1]
        == f"{name}s"
    )
    assert admin("group", "edit", group).code == 2, "nothing to change"

    gone = admin("group", "delete", group, "--yes")
    assert (gone.code, gone.out) == (0, "")
    assert admin("group", "show", group).code == 4
    assert admin("group", "show", name).code == 4


def test_a_group_is_given_a_right_and_loses_it(admin: Keystead, server: Server) -> None:
    name, folder = server.unique("group"), server.unique("folder")
    group = id_of(admin("group", "create", name))
    made = admin("folder", "create", folder, "--grant-group", f"{name}=user")
    assert ["grant:", f"{group}=user"] in said(made)
    own = admin(
        "folder", "edit", folder, "--grant-group", f"{group}=viewer", "--grant", "admin=user"
    )
    assert ["grant:", f"{group}=viewer"] in said(own)
    withdrawn = admin("folder", "edit", folder, "--withdraw-group", name)
    assert [value for key, value in said(withdrawn) if group in value] == []
    again = admin("folder", "edit", folder, "--withdraw-group", name)
    assert (again.code, again.out) == (2, "")
    assert "has no right" in again.err
    unknown = admin("folder", "edit", folder, "--grant-group", "nobody at all=user")
    assert unknown.code == 4
