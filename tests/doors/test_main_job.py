"""The main job through the JSON door: a token fetches a secret, and is refused where it should be."""

from tests.running import Server


def test_a_token_fetches_a_secret_by_path_as_text(server: Server) -> None:
    folder = server.folder()
    account = server.account(folder["id"])
    token, _ = server.token("secrets:read")
    path = f"/api/v1/secrets/{folder['name']}/{account['name']}".replace(" ", "%20")
    answer = server.call("GET", path, token=token, headers={"Accept": "text/plain"})
    assert (answer.status, answer.body) == (200, b"pass-word")
    assert answer.headers["cache-control"] == "no-store"
