from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import keystead_client as sdk
from keystead_client import Client, Retries, Secret, accounts, credentials, folders
from tests.client.peer import CREDENTIAL, TOKEN, Peer, Reply, problem, reply

VALUE = {
    "account_id": "acct_000000000001",
    "version": 3,
    "username": "orders",
    "fields": {"password": "hunter2-hunter2"},
    "created_at": "2026-11-22T03:00:00.000250Z",
}


@pytest.fixture
def client(peer: Peer) -> Iterator[Client]:
    with Client(peer.url, TOKEN, retries=Retries(0)) as found:
        yield found


def test_three_lines_fetch_a_password(peer: Peer) -> None:
    peer.on("GET /api/v1/secrets/ops/db/orders?field=password", reply(VALUE))
    with Client.from_environment({"KEYSTEAD_URL": peer.url, "KEYSTEAD_TOKEN": TOKEN}) as keystead:
        assert keystead.fetch("ops/db/orders").reveal() == "hunter2-hunter2"
    assert peer.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert peer.asked[0].headers["accept-encoding"] == "identity"


def test_a_record_holds_instants_in_utc_and_the_answer_as_it_came(
    peer: Peer, client: Client
) -> None:
    peer.on("GET /api/v1/credentials/cred_1", reply({**CREDENTIAL, "novelty": 1}))
    found = client.send(credentials.get("cred_1"))
    assert found.expires_at == datetime(2027, 1, 31, 18, tzinfo=UTC)
    assert found.networks[0].interpreted == "192.168.1.0/24"
    assert found.raw["novelty"] == 1


def test_an_edit_sends_only_what_is_set_and_null_for_never(peer: Peer, client: Client) -> None:
    peer.on("PATCH /api/v1/credentials/cred_1", reply(CREDENTIAL))
    client.send(credentials.edit("cred_1", name="other", expires_at=None))
    assert peer.asked[0].json() == {"name": "other", "expires_at": None}


def test_instants_are_sent_in_utc_and_naive_ones_are_refused() -> None:
    zone = timezone(timedelta(hours=2))
    call = credentials.create("x", expires_at=datetime(2027, 1, 31, 20, tzinfo=zone))
    assert call.body is not None
    assert call.body["expires_at"] == "2027-01-31T18:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        credentials.create("x", expires_at=datetime(2027, 1, 31, 20))  # noqa: DTZ001


def test_secret_fields_are_revealed_only_in_the_body(peer: Peer, client: Client) -> None:
    call = accounts.create("fold_1", "orders", {"password": Secret("s3cr3t-väl")})
    assert "s3cr3t" not in repr(call)
    with pytest.raises(sdk.NotFound):
        client.send(call)
    sent = {"folder_id": "fold_1", "name": "orders", "fields": {"password": "s3cr3t-väl"}}
    assert peer.asked[0].json() == sent


def test_a_walk_goes_from_page_to_page(peer: Peer, client: Client) -> None:
    second = {**CREDENTIAL, "id": "cred_2"}
    peer.on("GET /api/v1/credentials?q=n", reply({"items": [CREDENTIAL], "next_page_token": "t 2"}))
    peer.on(
        "GET /api/v1/credentials?q=n&page_token=t+2",
        reply({"items": [second], "next_page_token": None}),
    )
    found = [each.id for each in client.walk(credentials.find(q="n"))]
    assert found == ["cred_000000000001", "cred_2"]


def test_a_list_that_does_not_advance_ends_with_an_error(peer: Peer, client: Client) -> None:
    page = reply({"items": [], "next_page_token": "same"})
    peer.on("GET /api/v1/folders", page)
    peer.on("GET /api/v1/folders?page_token=same", page)
    with pytest.raises(sdk.UnexpectedAnswer, match="does not advance"):
        list(client.walk(folders.find()))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, sdk.Invalid),
        (401, sdk.Unauthenticated),
        (403, sdk.Forbidden),
        (404, sdk.NotFound),
        (409, sdk.Conflict),
        (412, sdk.CheckFailed),
        (413, sdk.Invalid),
        (415, sdk.Invalid),
        (429, sdk.Unavailable),
        (500, sdk.ServerFault),
        (503, sdk.Unavailable),
    ],
)
def test_each_status_has_its_error(
    peer: Peer, client: Client, status: int, kind: type[sdk.KeysteadError]
) -> None:
    peer.on("GET /api/v1/whoami", problem(status, "some_code"))
    with pytest.raises(sdk.KeysteadError) as caught:
        client.send(credentials.whoami())
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.status) == ("some_code", status)
    assert caught.value.request_id == "req_000000000001"


def test_every_wrong_field_and_the_time_to_wait_come_through(peer: Peer, client: Client) -> None:
    wrong = [{"field": "name", "message": "is taken"}, {"field": "networks[2]", "message": "?"}]
    peer.on("GET /api/v1/whoami", problem(400, "invalid_request", errors=wrong))
    with pytest.raises(sdk.Invalid) as invalid:
        client.send(credentials.whoami())
    assert [each.field for each in invalid.value.errors] == ["name", "networks[2]"]

    busy = problem(429, "rate_limited")
    peer.on("GET /api/v1/whoami", Reply(429, busy.body, {**busy.headers, "Retry-After": "7"}))
    with pytest.raises(sdk.Unavailable) as unavailable:
        client.send(credentials.whoami())
    assert unavailable.value.retry_after == 7


def test_a_redirect_is_not_followed(peer: Peer, client: Client) -> None:
    peer.on("GET /api/v1/whoami", Reply(307, b"", {"Location": f"{peer.url}/api/v1/elsewhere"}))
    with pytest.raises(sdk.UnexpectedAnswer, match="redirects"):
        client.send(credentials.whoami())
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    "body", [b"<html>hunter2</html>", b"[1]", b'{"owner": "hunter2"}', b"[" * 100_000, b"\xff"]
)
def test_an_answer_in_another_form_is_an_error_that_does_not_quote_it(
    peer: Peer, client: Client, body: bytes
) -> None:
    peer.on("GET /api/v1/whoami", Reply(200, body, {"Content-Type": "application/json"}))
    with pytest.raises(sdk.UnexpectedAnswer) as caught:
        client.send(credentials.whoami())
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_error_page_of_something_else_is_not_taken_for_keystead(
    peer: Peer, client: Client
) -> None:
    peer.on(
        "GET /api/v1/whoami", Reply(502, b"<h1>Bad gateway</h1>", {"Content-Type": "text/html"})
    )
    with pytest.raises(sdk.UnexpectedAnswer, match="status 502"):
        client.send(credentials.whoami())


def test_a_credential_manages_itself(peer: Peer, client: Client) -> None:
    peer.on("POST /api/v1/self/rotate", reply({"credential": CREDENTIAL, "secret": TOKEN}))
    peer.on("POST /api/v1/self/revoke", Reply(204))
    peer.on("GET /api/v1/credentials/cred_1/secrets", reply({"items": [], "next_page_token": None}))
    assert client.send(credentials.rotate_self(overlap_seconds=60)).secret.reveal() == TOKEN
    assert peer.asked[0].json() == {"overlap_seconds": 60}
    assert client.send(credentials.secrets("cred_1")).items == ()
    client.send(credentials.revoke_self())


@pytest.mark.parametrize("url", ["http://keystead.example.org", "http://10.0.0.5:8780"])
def test_a_token_does_not_go_in_the_clear_beyond_this_machine(url: str) -> None:
    with pytest.raises(sdk.MisconfiguredClient, match="plain HTTP"):
        Client(url, TOKEN)
    Client(url, TOKEN, insecure_http=True).close()
    Client(url).close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]:8780"])
def test_this_machine_may_be_spoken_to_in_the_clear(host: str) -> None:
    Client(f"http://{host}", TOKEN).close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keystead.example.org",
        "ftp://keystead.example.org",
        "https://",
        "https://user:pw@keystead.example.org",
        "https://keystead.example.org/?a=b",
        "https://keystead.example.org/#x",
        "https://keystead.example.org:99999",
        "https://keystead.example.org/a b",
        "https://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(sdk.MisconfiguredClient):
        Client(url, TOKEN)


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "ümlaut", "x\x00y"])
def test_a_token_that_no_header_can_hold_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(sdk.MisconfiguredClient) as caught:
        Client("https://keystead.example.org", token)
    assert not token or token not in str(caught.value)


def test_a_path_cannot_leave_its_place() -> None:
    assert accounts.fetch_by_path("ops/a b%/ü").path == "/secrets/ops/a%20b%25/%C3%BC"
    for path in ("", "ops//x", "../x", "ops/./x"):
        with pytest.raises(ValueError, match="part of a path"):
            accounts.fetch_by_path(path)
    assert credentials.get("a/b").path == "/credentials/a%2Fb"


class TestEnvironment:
    def test_the_token_may_stand_in_a_file(self, peer: Peer, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_text(f"{TOKEN}\n")
        found = {"KEYSTEAD_URL": f"{peer.url}/", "KEYSTEAD_TOKEN_FILE": str(file)}
        with Client.from_environment(found) as client, pytest.raises(sdk.NotFound):
            client.send(credentials.whoami())
        assert peer.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert peer.asked[0].path == "/api/v1/whoami"

    @pytest.mark.parametrize(
        ("environ", "word"),
        [
            ({}, "KEYSTEAD_URL"),
            ({"KEYSTEAD_URL": ""}, "KEYSTEAD_URL"),
            ({"KEYSTEAD_URL": "https://k.example"}, "no token"),
            (
                {
                    "KEYSTEAD_URL": "https://k.example",
                    "KEYSTEAD_TOKEN": TOKEN,
                    "KEYSTEAD_TOKEN_FILE": "x",
                },
                "both",
            ),
            (
                {"KEYSTEAD_URL": "https://k.example", "KEYSTEAD_TOKEN_FILE": "/nowhere/at/all"},
                "No such file",
            ),
            (
                {
                    "KEYSTEAD_URL": "https://k.example",
                    "KEYSTEAD_TOKEN": TOKEN,
                    "KEYSTEAD_CA_FILE": "/nowhere/at/all",
                },
                "certificates",
            ),
            (
                {
                    "KEYSTEAD_URL": "http://127.0.0.1:1",
                    "KEYSTEAD_TOKEN": TOKEN,
                    "KEYSTEAD_CA_FILE": "/nowhere/at/all",
                },
                "no effect",
            ),
        ],
    )
    def test_what_is_missing_or_too_much_is_named(self, environ: dict[str, str], word: str) -> None:
        with pytest.raises(sdk.MisconfiguredClient, match=word):
            Client.from_environment(environ)

    @pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * 5000])
    def test_a_file_without_a_token_is_named(self, content: bytes, tmp_path: Path) -> None:
        file = tmp_path / "token"
        file.write_bytes(content)
        found = {"KEYSTEAD_URL": "https://k.example", "KEYSTEAD_TOKEN_FILE": str(file)}
        with pytest.raises(sdk.MisconfiguredClient, match="holds no token"):
            Client.from_environment(found)

    def test_a_proxy_of_the_environment_never_sees_plain_http(
        self, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with Client(peer.url, TOKEN) as client, pytest.raises(sdk.NotFound):
            client.send(credentials.whoami())


def test_a_certificate_file_is_trusted_instead_of_the_system(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    with pytest.raises(sdk.MisconfiguredClient, match="no certificates"):
        Client("https://keystead.example.org", TOKEN, ca_file=empty)
