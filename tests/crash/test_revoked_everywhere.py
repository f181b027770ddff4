"""Law 3: once the call that takes something away is answered, every worker refuses."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING

import pytest

from tests.crash.processes import answers_of_both, warm_both
from tests.running import KEYSTEAD, Answer, Server, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUESTS = 60


@dataclass(frozen=True, slots=True)
class Scene:
    """An application with a token that may fetch one secret."""

    server: Server
    owner_id: str
    folder_id: str
    account_id: str
    credential_id: str
    token: str

    @classmethod
    def on(cls, server: Server, **more: object) -> Scene:
        owner = server.call(
            "POST", "/api/v1/owners", {"kind": "application", "name": server.unique("application")}
        ).json()
        folder = server.folder(grants=[{"owner_id": owner["id"], "right": "user"}])
        account = server.account(folder["id"])
        token, credential = server.token(
            "secrets:read", "accounts:read", owner_id=owner["id"], **more
        )
        return cls(server, owner["id"], folder["id"], account["id"], credential["id"], token)

    def fetch(self) -> Answer:
        """Fetch on a connection of its own, which the kernel gives to either worker."""
        return self.server.call(
            "GET", f"/api/v1/accounts/{self.account_id}/secret", token=self.token
        )

    def warm(self) -> None:
        """Fetch until every worker has remembered the credential."""
        warm_both(self.fetch)

    def take(self, method: str, path: str, body: object = None) -> None:
        assert self.server.call(method, path, body).status in {200, 204}

    def credential(self, act: str = "") -> str:
        return f"/api/v1/credentials/{self.credential_id}{act}"


def revoke(scene: Scene) -> None:
    scene.take("POST", scene.credential("/revoke"))


def disable(scene: Scene) -> None:
    scene.take("POST", scene.credential("/disable"))


def delete(scene: Scene) -> None:
    scene.take("DELETE", scene.credential())


def rotate(scene: Scene) -> None:
    scene.take("POST", scene.credential("/rotate"), {"overlap_seconds": 0})


def narrow(scene: Scene) -> None:
    scene.take("PATCH", scene.credential(), {"scopes": ["accounts:read"]})


def move_away(scene: Scene) -> None:
    scene.take("PATCH", scene.credential(), {"networks": ["192.0.2.0/24"]})


def postpone(scene: Scene) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    scene.take("PATCH", scene.credential(), {"not_before": later.isoformat()})


def disable_owner(scene: Scene) -> None:
    scene.take("PATCH", f"/api/v1/owners/{scene.owner_id}", {"state": "disabled"})


def remove_grant(scene: Scene) -> None:
    scene.take("PATCH", f"/api/v1/folders/{scene.folder_id}", {"grants": []})


def lessen_grant(scene: Scene) -> None:
    grants = [{"owner_id": scene.owner_id, "right": "viewer"}]
    scene.take("PATCH", f"/api/v1/folders/{scene.folder_id}", {"grants": grants})


def revoke_itself(scene: Scene) -> None:
    assert scene.server.call("POST", "/api/v1/self/revoke", token=scene.token).status == 204


TAKEN = [
    (revoke, 401, "credential_revoked"),
    (revoke_itself, 401, "credential_revoked"),
    (disable, 401, "credential_disabled"),
    (delete, 401, "credential_revoked"),
    (rotate, 401, "credential_revoked"),
    (postpone, 401, "credential_not_yet_valid"),
    (disable_owner, 401, "owner_disabled"),
    (narrow, 403, "insufficient_scope"),
    (move_away, 403, "network_denied"),
    (remove_grant, 404, "not_found"),
    (lessen_grant, 404, "not_found"),
]


@pytest.mark.parametrize(
    ("take", "status", "code"), TAKEN, ids=lambda v: getattr(v, "__name__", "")
)
def test_sixty_requests_after_the_answer_are_all_refused(
    workers: Server, take: Callable[[Scene], None], status: int, code: str
) -> None:
    scene = Scene.on(workers)
    scene.warm()

    take(scene)

    assert refusals(scene) == {(status, code)}


@pytest.mark.parametrize("take", [revoke, disable_owner, remove_grant])
def test_the_same_in_the_middle_of_traffic(workers: Server, take: Callable[[Scene], None]) -> None:
    scene, bystander = Scene.on(workers), Scene.on(workers)
    scene.warm()
    bystander.warm()
    with traffic(scene, bystander) as told:
        take(scene)
        found = refusals(scene)

    assert len(found) == 1
    assert 200 not in {status for status, _ in found}
    assert set(told) == {200}, "nobody else noticed anything"


def test_an_end_that_comes_by_the_clock_is_refused_by_everyone(workers: Server) -> None:
    end = datetime.now(UTC) + timedelta(seconds=2)
    scene = Scene.on(workers, expires_at=end.isoformat())
    scene.warm()
    sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))

    assert refusals(scene) == {(401, "credential_expired")}


def test_switched_on_again_it_is_good_everywhere(workers: Server) -> None:
    scene = Scene.on(workers)
    scene.warm()
    disable(scene)
    assert refusals(scene) == {(401, "credential_disabled")}

    scene.take("POST", scene.credential("/enable"))

    assert {scene.fetch().status for _ in range(REQUESTS)} == {200}


def test_what_the_command_line_revokes_is_refused_by_every_worker(workers: Server) -> None:
    scene = Scene.on(workers)
    scene.warm()

    keystead(workers, "token", "revoke", "--yes", scene.credential_id)

    assert refusals(scene) == {(401, "credential_revoked")}


def test_what_another_process_writes_beside_the_server_is_heard(workers: Server) -> None:
    """The command line on the data directory, or a second server: any process with the store."""
    scene = Scene.on(workers)
    scene.warm()
    with running_beside(workers) as other:
        Scene(
            other,
            scene.owner_id,
            scene.folder_id,
            scene.account_id,
            scene.credential_id,
            scene.token,
        ).take("POST", scene.credential("/revoke"))

        assert refusals(scene) == {(401, "credential_revoked")}


def refusals(scene: Scene) -> set[tuple[int, str]]:
    """Send the requests at once over connections of their own; return what was answered."""
    return answers_of_both(scene.fetch, REQUESTS)


@contextmanager
def traffic(scene: Scene, bystander: Scene) -> Iterator[list[int]]:
    """Keep both workers' memories warm for both tokens while the block runs."""
    over = threading.Event()
    told: list[int] = []

    def go_on(each: Scene, into: list[int]) -> None:
        while not over.is_set():
            into.append(each.fetch().status)

    ignored: list[int] = []
    threads = [
        threading.Thread(target=go_on, args=(scene, ignored)),
        threading.Thread(target=go_on, args=(scene, ignored)),
        threading.Thread(target=go_on, args=(bystander, told)),
    ]
    for thread in threads:
        thread.start()
    try:
        sleep(0.2)
        yield told
    finally:
        over.set()
        for thread in threads:
            thread.join(20)


@contextmanager
def running_beside(server: Server) -> Iterator[Server]:
    other = start(
        server.data,
        {"admin_token": server.admin_token, "admin_password": server.admin_password},
    )
    try:
        yield other
    finally:
        other.stop()


def keystead(server: Server, *arguments: str) -> None:
    environment = {
        **os.environ, "KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": server.admin_token,
    }  # fmt: skip
    subprocess.run([KEYSTEAD, *arguments], env=environment, capture_output=True, check=True)
