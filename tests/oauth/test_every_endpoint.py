"""What each of OAuth's endpoints takes: a form by POST, in UTF-8, of bounded length, each name once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from keystead.api.oauth.endpoints import ENDPOINTS
from tests.doors.cast import ok
from tests.oauth.asking import FORM, GRANT, Client, client, error, exchanged, post, whoami
from tests.running import Server, send

if TYPE_CHECKING:
    from tests.running import Answer

PATHS: Final = [endpoint.path for endpoint in ENDPOINTS]
EACH = pytest.mark.parametrize("path", PATHS)
LIMIT: Final = 57_344


@pytest.fixture(scope="module")
def made(server: Server) -> Client:
    return client(server, "tokens:verify", "accounts:list")


def pair_of(path: str) -> tuple[str, str]:
    """Return the parameter that an endpoint needs."""
    return GRANT if path.endswith("token") else ("token", "nonsense")


def form_of(path: str) -> bytes:
    name, value = pair_of(path)
    return f"{name}={value}".encode()


def asked(server: Server, by: Client, path: str, **how: Any) -> Answer:  # noqa: ANN401
    pairs = () if "raw" in how else [pair_of(path)]
    return post(server, path, pairs, authorization=by.basic, **how)


@EACH
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_takes_post_alone(server: Server, made: Client, path: str, method: str) -> None:
    sent = {"Authorization": made.basic, "Content-Type": FORM}
    refused = send(server.url, method, path, form_of(path), sent)
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert error(refused) == (405, "invalid_request")


@EACH
@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/x-www-form-urlencoded-not",
        "",
    ],
)
def test_another_type_of_body_is_refused(
    server: Server, made: Client, path: str, media: str
) -> None:
    refused = asked(server, made, path, content_type=media)
    assert error(refused) == (400, "invalid_request")
    assert FORM in refused.json()["error_description"]


@EACH
@pytest.mark.parametrize(
    "media", [FORM, f"{FORM};charset=UTF-8", f'{FORM} ; charset="utf-8"', FORM.upper()]
)
def test_a_form_in_utf_8_is_taken_however_it_says_so(
    server: Server, made: Client, path: str, media: str
) -> None:
    assert asked(server, made, path, content_type=media).status == 200


@EACH
@pytest.mark.parametrize("wrong", [b"scope=%ff", b"scope=\xff", b"frob=%c3%28", b"%ff=x"])
def test_what_is_no_utf_8_is_refused(server: Server, made: Client, path: str, wrong: bytes) -> None:
    refused = asked(server, made, path, raw=form_of(path) + b"&" + wrong)
    assert error(refused) == (400, "invalid_request")


@EACH
def test_a_body_has_at_most_56_kib(server: Server, made: Client, path: str) -> None:
    start = form_of(path) + b"&unknown="
    fits = start + b"x" * (LIMIT - len(start))
    assert asked(server, made, path, raw=fits).status == 200
    assert error(asked(server, made, path, raw=fits + b"x")) == (413, "invalid_request")
    # The length is not announced.
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (fits, b"x", b""))
    told = {"Content-Type": FORM, "Authorization": made.basic, "Transfer-Encoding": "chunked"}
    assert error(send(server.url, "POST", path, body, told)) == (413, "invalid_request")


@EACH
@pytest.mark.parametrize("body", [b"", b"&&", b"frob=1"])
def test_what_it_needs_is_missed(server: Server, made: Client, path: str, body: bytes) -> None:
    refused = asked(server, made, path, raw=body)
    assert error(refused) == (400, "invalid_request")
    assert pair_of(path)[0] in refused.json()["error_description"]


@EACH
def test_parameters_of_the_url_are_never_read(server: Server, made: Client, path: str) -> None:
    # That of a token is refused for itself.
    if path.endswith("token"):
        missing = asked(server, made, f"{path}?grant_type=client_credentials", raw=b"")
        assert error(missing) == (400, "invalid_request")
    by_url = post(server, f"{path}?client_id={made.id}", [pair_of(path), made.pairs[1]])
    assert error(by_url) == (400, "invalid_request"), "client_id was not sent"


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
def test_a_token_in_the_url_is_refused_and_nothing_happens_to_it(
    server: Server, made: Client, path: str
) -> None:
    token = exchanged(server, made)
    refused = post(server, f"{path}?token={token}", authorization=made.basic)
    assert error(refused) == (400, "invalid_request")
    assert token not in refused.body.decode()
    assert whoami(server, token).status == 200


@EACH
def test_each_known_parameter_stands_once(server: Server, made: Client, path: str) -> None:
    (endpoint,) = (endpoint for endpoint in ENDPOINTS if endpoint.path == path)
    for name in endpoint.form.__struct_fields__:
        refused = post(server, path, [(name, "x"), (name, "")], authorization=made.basic)
        told = f"the parameter {name} stands twice"
        assert error(refused)[0] == 400
        may_stand_twice = name == "resource" and not path.endswith("introspect")
        assert (refused.json()["error_description"] == told) is not may_stand_twice, name


@EACH
def test_what_stands_twice_is_said_before_the_client_is_judged(server: Server, path: str) -> None:
    assert error(post(server, path, [pair_of(path)] * 2)) == (400, "invalid_request")


@EACH
def test_type_and_length_are_judged_before_the_client(server: Server, path: str) -> None:
    wrong_type = post(server, path, [pair_of(path)], content_type="application/json")
    too_long = post(server, path, raw=b"x" * (LIMIT + 1))
    assert error(wrong_type) == (400, "invalid_request")
    assert error(too_long) == (413, "invalid_request")


@EACH
def test_an_empty_value_is_an_omitted_one(server: Server, made: Client, path: str) -> None:
    empty = [(name, "") for name in ("client_id", "client_secret", "token_type_hint", "scope")]
    answer = post(server, path, [pair_of(path), *empty], authorization=made.basic)
    assert answer.status == 200
    missing = post(server, path, [(pair_of(path)[0], "")], authorization=made.basic)
    assert error(missing) == (400, "invalid_request")


@EACH
def test_success_is_stored_by_nobody_on_the_way(server: Server, made: Client, path: str) -> None:
    answer = asked(server, made, path)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["keystead-request-id"]
    assert "www-authenticate" not in answer.headers
    if answer.body:
        ok(answer)
        assert answer.headers["content-type"] == "application/json"
