"""Law 3 for owners: what narrows one acts on his credentials in every worker from the next request on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.crash.processes import answers_of_both, warm_both

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Answer, Server

REQUESTS = 20
V1 = "/api/v1"


@dataclass(frozen=True, slots=True)
class Member:
    """An application that may fetch one secret, for it is in a group that may."""

    server: Server
    owner_id: str
    group_id: str
    folder_id: str
    account_id: str
    token: str

    @classmethod
    def on(cls, server: Server, more: int = 0) -> Member:
        """Add one; with so many others in the group."""
        owner, *others = (_application(server) for _ in range(1 + more))
        members = [owner, *others]
        group = _made(server, "groups", {"name": server.unique("group"), "members": members})
        above = server.folder(grants=[{"group_id": group["id"], "right": "user"}])
        account = server.account(server.folder(parent_id=above["id"])["id"])
        token, _ = server.token("secrets:read", "accounts:read", owner_id=owner)
        return cls(server, owner, group["id"], above["id"], account["id"], token)

    def fetch(self) -> Answer:
        path = f"{V1}/accounts/{self.account_id}/secret"
        return self.server.call("GET", path, token=self.token)

    def warm(self) -> None:
        """Fetch until every worker has remembered the credential and its rights."""
        warm_both(self.fetch)

    def take(self, method: str, path: str, body: object = None) -> None:
        answer = self.server.call(method, V1 + path, body)
        assert answer.status in {200, 204}, answer.body

    def answers(self) -> set[tuple[int, str]]:
        """Fetch at once on connections of their own, which the kernel gives to either worker."""
        return answers_of_both(self.fetch, REQUESTS)


def _made(server: Server, noun: str, wanted: object) -> dict[str, Any]:
    answer = server.call("POST", f"{V1}/{noun}", wanted)
    assert answer.status == 201, answer.body
    return dict(answer.json())


def _application(server: Server) -> str:
    wanted = {"kind": "application", "name": server.unique("application")}
    return str(_made(server, "owners", wanted)["id"])


def leave_group(member: Member) -> None:
    member.take("PATCH", f"/groups/{member.group_id}", {"remove_members": [member.owner_id]})


def empty_group(member: Member) -> None:
    member.take("PATCH", f"/groups/{member.group_id}", {"members": []})


def delete_group(member: Member) -> None:
    member.take("DELETE", f"/groups/{member.group_id}")


def remove_group_s_grant(member: Member) -> None:
    member.take("PATCH", f"/folders/{member.folder_id}", {"grants": []})


def lessen_group_s_grant(member: Member) -> None:
    grants = [{"group_id": member.group_id, "right": "viewer"}]
    member.take("PATCH", f"/folders/{member.folder_id}", {"grants": grants})


def take_role(member: Member) -> None:
    member.take("PATCH", f"/owners/{member.owner_id}", {"roles": []})


def make_auditor(member: Member) -> None:
    member.take("PATCH", f"/owners/{member.owner_id}", {"roles": ["auditor"]})


def disable(member: Member) -> None:
    member.take("PATCH", f"/owners/{member.owner_id}", {"state": "disabled"})


TAKEN = [
    (leave_group, 404, "not_found"),
    (empty_group, 404, "not_found"),
    (delete_group, 404, "not_found"),
    (remove_group_s_grant, 404, "not_found"),
    (lessen_group_s_grant, 404, "not_found"),
    (take_role, 403, "insufficient_scope"),
    (make_auditor, 403, "insufficient_scope"),
    (disable, 401, "owner_disabled"),
]


@pytest.mark.parametrize(
    ("take", "status", "code"), TAKEN, ids=lambda v: getattr(v, "__name__", "")
)
def test_twenty_requests_after_the_answer_are_all_refused(
    workers: Server, take: Callable[[Member], None], status: int, code: str
) -> None:
    member = Member.on(workers)
    member.warm()

    take(member)

    assert member.answers() == {(status, code)}


def test_whoever_comes_into_a_group_has_its_rights_everywhere(workers: Server) -> None:
    member = Member.on(workers)
    member.warm()
    leave_group(member)
    assert member.answers() == {(404, "not_found")}

    member.take("PATCH", f"/groups/{member.group_id}", {"add_members": [member.owner_id]})

    assert member.answers() == {(200, "")}


def test_of_more_than_can_be_named_each_is_told(workers: Server) -> None:
    member = Member.on(workers, more=110)
    member.warm()

    empty_group(member)

    assert member.answers() == {(404, "not_found")}


def test_a_right_of_one_s_own_is_none_the_less(workers: Server) -> None:
    member = Member.on(workers)
    grants = [
        {"group_id": member.group_id, "right": "viewer"},
        {"owner_id": member.owner_id, "right": "user"},
    ]
    member.take("PATCH", f"/folders/{member.folder_id}", {"grants": grants})
    member.warm()

    delete_group(member)

    assert member.answers() == {(200, "")}
