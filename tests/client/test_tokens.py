"""Where a token comes from, and that a new one is found when the old one is refused."""

from itertools import count
from pathlib import Path

import pytest

import keystead_client as sdk
from keystead_client import Client, Secret, TokenSource, credentials, folders
from tests.client.asking import Asker, Make
from tests.client.peer import FOLDER, TOKEN, WHOAMI, Fault, Peer, busy, problem, reply

ASK = "GET /api/v1/whoami"
NEW = "kst_" + "1" * 61
RENEWED = TOKEN[:16] + "1" * 49
"""The same credential's, rotated."""
OUTWORN = ["invalid_credential", "credential_expired", "credential_revoked"]


def presented(peer: Peer) -> list[str]:
    return [each.headers["authorization"].removeprefix("Bearer ") for each in peer.asked]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "token"
    found.write_text(f"{TOKEN}\n")
    return found


@pytest.fixture
def with_file(make: Make, peer: Peer, file: Path) -> Asker:
    """A client whose token is in the file."""
    return make(peer.url, None, token_file=file)


@pytest.mark.parametrize("code", OUTWORN)
def test_a_token_that_was_renewed_in_its_file_is_found(
    with_file: Asker, peer: Peer, file: Path, code: str
) -> None:
    peer.on(ASK, problem(401, code), reply(WHOAMI))
    file.write_text(NEW)
    with_file.send(credentials.whoami())
    assert presented(peer) == [TOKEN, NEW]
    with_file.send(credentials.whoami())
    assert presented(peer)[2:] == [NEW]


def test_a_change_is_sent_once_more_as_the_same_one(
    with_file: Asker, peer: Peer, file: Path
) -> None:
    peer.on("POST /api/v1/folders", problem(401, "credential_expired"), reply(FOLDER, 201))
    file.write_text(NEW)
    with_file.send(folders.create("ops"))
    assert presented(peer) == [TOKEN, NEW]
    assert len({each.headers["idempotency-key"] for each in peer.asked}) == 1


@pytest.mark.parametrize(
    ("other", "sent"), [(RENEWED, [TOKEN, TOKEN, RENEWED]), (NEW, [TOKEN] * 2)]
)
def test_a_change_that_may_be_made_is_sent_again_for_its_own_credential_alone(
    with_file: Asker, peer: Peer, file: Path, other: str, sent: list[str]
) -> None:
    """Its key is the credential's: for another one it would be made a second time."""
    refused = problem(401, "credential_expired")
    peer.on("POST /api/v1/folders", Fault.DROP, refused, reply(FOLDER, 201))
    file.write_text(other)
    if len(sent) == 3:
        with_file.send(folders.create("ops"))
    else:
        with pytest.raises(sdk.Unauthenticated):
            with_file.send(folders.create("ops"))
    assert presented(peer) == sent


@pytest.mark.parametrize("content", [TOKEN, "", "half a tok", "ü", "x" * 5000, None])
def test_where_there_is_no_other_token_the_refusal_stands(
    with_file: Asker, peer: Peer, file: Path, content: str | None
) -> None:
    peer.on(ASK, problem(401, "credential_revoked"), reply(WHOAMI))
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(sdk.Unauthenticated) as caught:
        with_file.send(credentials.whoami())
    assert caught.value.code == "credential_revoked"
    # The old one stays: the file may have been seen half written.
    with_file.send(credentials.whoami())
    assert presented(peer) == [TOKEN, TOKEN]


def test_a_new_token_that_is_refused_too_is_the_end(
    with_file: Asker, peer: Peer, file: Path
) -> None:
    peer.on(ASK, problem(401, "credential_expired"), problem(401, "invalid_credential"))
    file.write_text(NEW)
    with pytest.raises(sdk.Unauthenticated) as caught:
        with_file.send(credentials.whoami())
    assert caught.value.code == "invalid_credential"
    assert presented(peer) == [TOKEN, NEW]


@pytest.mark.parametrize(
    "code", ["owner_disabled", "credential_disabled", "credential_not_yet_valid"]
)
def test_whatever_was_wrong_with_the_old_token_a_new_one_is_tried(
    with_file: Asker, peer: Peer, file: Path, code: str
) -> None:
    """It may be another credential's, or another owner's."""
    peer.on(ASK, problem(401, code), reply(WHOAMI))
    file.write_text(NEW)
    with_file.send(credentials.whoami())
    assert presented(peer) == [TOKEN, NEW]


def test_a_new_token_and_a_busy_server_are_no_matter_of_each_other(
    with_file: Asker, peer: Peer, file: Path
) -> None:
    peer.on(ASK, busy(), problem(401, "credential_expired"), busy(), busy(), reply(WHOAMI))
    file.write_text(NEW)
    with_file.send(credentials.whoami())
    assert presented(peer) == [TOKEN, TOKEN, NEW, NEW, NEW]


@pytest.mark.parametrize("variable", ["KEYSTEAD_TOKEN", "KEYSTEAD_TOKEN_FILE"])
def test_the_environment_is_read_again(
    make: Make, peer: Peer, file: Path, variable: str, tmp_path: Path
) -> None:
    old = {"KEYSTEAD_TOKEN": TOKEN, "KEYSTEAD_TOKEN_FILE": str(file)}
    other = tmp_path / "other"
    other.write_text(NEW)
    new = {"KEYSTEAD_TOKEN": NEW, "KEYSTEAD_TOKEN_FILE": str(other)}
    environ = {"KEYSTEAD_URL": peer.url, variable: old[variable]}
    asker = make.from_environment(environ)
    environ[variable] = new[variable]
    peer.on(ASK, problem(401, "credential_expired"), reply(WHOAMI))
    asker.send(credentials.whoami())
    assert presented(peer) == [TOKEN, NEW]


def test_a_function_may_give_the_token(make: Make, peer: Peer) -> None:
    given = iter([TOKEN, NEW])
    asker = make(peer.url, lambda: Secret(next(given)))
    peer.on(ASK, problem(401, "credential_expired"), reply(WHOAMI))
    asker.send(credentials.whoami())
    assert presented(peer) == [TOKEN, NEW]


def test_a_function_that_always_gives_another_is_asked_once(make: Make, peer: Peer) -> None:
    given = (f"kst_{n}" for n in count())
    asker = make(peer.url, lambda: next(given))
    peer.on(ASK, problem(401, "invalid_credential"))
    with pytest.raises(sdk.Unauthenticated):
        asker.send(credentials.whoami())
    assert presented(peer) == ["kst_0", "kst_1"]


def test_what_a_function_raises_goes_through(make: Make, peer: Peer) -> None:
    tokens = [TOKEN]
    asker = make(peer.url, tokens.pop)
    peer.on(ASK, problem(401, "credential_expired"))
    with pytest.raises(IndexError, match="pop from empty"):
        asker.send(credentials.whoami())


def test_a_token_as_it_stands_is_not_asked_for_again(asker: Asker, peer: Peer) -> None:
    peer.on(ASK, problem(401, "credential_expired"))
    with pytest.raises(sdk.Unauthenticated):
        asker.send(credentials.whoami())
    assert len(peer.asked) == 1


def test_without_a_token_none_is_sent(make: Make, peer: Peer) -> None:
    peer.on(ASK, problem(401, "missing_credential"))
    with pytest.raises(sdk.Unauthenticated):
        make(peer.url, None).send(credentials.whoami())
    assert "authorization" not in peer.asked[0].headers


def test_a_token_that_another_thread_has_renewed_is_used(peer: Peer, file: Path) -> None:
    peer.on(ASK, problem(401, "credential_expired"), reply(WHOAMI))
    with Client(peer.url, token_file=file) as client:
        talk = client._talk(credentials.whoami())
        file.write_text(NEW)
        client.send(credentials.whoami())
        client._renew(talk, sdk.Unauthenticated("x", code="x"))
    assert talk.request.headers["authorization"] == f"Bearer {NEW}"


def test_a_token_is_given_in_one_way(file: Path) -> None:
    with pytest.raises(sdk.MisconfiguredClient, match="both"):
        Client("https://keystead.example.org", TOKEN, token_file=file)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"x" * 5000, b"two words"])
def test_a_file_without_a_token_is_refused_at_once(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(sdk.MisconfiguredClient, match="no token"):
        Client("https://keystead.example.org", token_file=file)


def test_a_source_does_not_print_what_it_holds() -> None:
    source = TokenSource.fixed(TOKEN)
    assert TOKEN not in repr(source)
    assert source.read().reveal() == TOKEN
