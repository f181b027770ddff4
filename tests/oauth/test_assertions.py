"""Clients that prove who they are by what they signed (RFC 7523 as RFC 10070 has updated it), row K3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.assertions import b64, client_pair, set_of
from tests.doors.cast import V1, ok, until
from tests.doors.registering import access, catalogue, register
from tests.oauth.asking import (
    GRANT,
    SECURE_ACCESS,
    TOKEN,
    basic,
    client,
    error,
    exchanged,
    post,
    whoami,
)
from tests.oauth.signing import TYPE, Signing, signing

if TYPE_CHECKING:
    from tests.clocked import Clocked
    from tests.running import Server


@pytest.mark.parametrize("path", [TOKEN, SECURE_ACCESS])
def test_a_client_is_given_a_token_for_what_it_signed(server: Server, path: str) -> None:
    made = signing(server)
    answer = made.ask(made.assertion(), path)
    assert whoami(server, ok(answer)["access_token"]).status == 200
    assert ok(answer)["scope"] == "accounts:list"


def test_an_assertion_is_good_once(server: Server) -> None:
    made = signing(server)
    assertion = made.assertion()
    assert made.ask(assertion).status == 200
    again = made.ask(assertion)
    assert error(again) == (401, "invalid_client")
    assert again.headers["www-authenticate"].startswith("Basic ")


def test_of_many_that_come_at_once_in_several_processes_one_is_done(workers: Server) -> None:
    made = signing(workers)
    assertion = made.assertion()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: made.ask(assertion).status, range(24)))
    assert sorted(answers) == [200, *[401] * 23]


def test_its_name_is_spent_for_its_client_alone(server: Server) -> None:
    made, other = signing(server), signing(server, name="second")
    for each in (made, other):
        assert each.ask(each.assertion(jti="the same")).status == 200
        assert each.ask(each.assertion(jti="the same")).status == 401


def test_one_that_asked_for_something_wrong_is_not_used_up(server: Server) -> None:
    made = signing(server)
    assertion = made.assertion()
    for more, code in (
        ([("scope", "audit:read")], "invalid_scope"),
        ([("resource", "https://nowhere.example")], "invalid_target"),
        ([("scope", "a  b")], "invalid_scope"),
    ):
        assert error(made.ask(assertion, more=more)) == (400, code)
    assert made.ask(assertion).status == 200
    assert made.ask(assertion).status == 401


def test_one_that_was_used_elsewhere_is_used_up_everywhere(server: Server) -> None:
    made = signing(server, "tokens:verify")
    proof = [("client_assertion_type", TYPE)]
    for endpoint in ("/oauth/introspect", "/oauth/revoke"):
        form = [*proof, ("client_assertion", made.assertion()), ("token", "nonsense")]
        assert post(server, endpoint, form).status == 200
        assert error(post(server, endpoint, form)) == (401, "invalid_client")
        assert error(post(server, TOKEN, [GRANT, *form])) == (401, "invalid_client")


AUDIENCES = [
    "https://other.example",
    "{url}/oauth/token",
    "{url}/",
    ["{url}"],
    [],
    None,
    5,
    "keystead",
]


@pytest.mark.parametrize("audience", AUDIENCES, ids=str)
def test_its_audience_is_the_issuer_and_nothing_else(server: Server, audience: object) -> None:
    made = signing(server)
    if isinstance(audience, str):
        audience = audience.format(url=server.url)
    elif isinstance(audience, list):
        audience = [each.format(url=server.url) for each in audience]
    assert error(made.ask(made.assertion(aud=audience))) == (401, "invalid_client")


def test_software_that_cannot_be_changed_may_name_one_url_more(server: Server) -> None:
    legacy = f"{server.url}{TOKEN}"
    made = signing(server, legacy_audience=legacy)
    assert made.ask(made.assertion(aud=legacy)).status == 200
    assert made.ask(made.assertion()).status == 200, "the issuer stays good"
    for other in ([legacy], [server.url, legacy], f"{legacy}/", "https://other.example"):
        assert error(made.ask(made.assertion(aud=other))) == (401, "invalid_client")
    path = made.path
    assert ok(server.call("GET", path))["legacy_audience"] == legacy
    assert ok(server.call("PATCH", path, {"legacy_audience": None}))["legacy_audience"] is None
    assert error(made.ask(made.assertion(aud=legacy))) == (401, "invalid_client")
    for wrong in ("x", "https://h/#a", "https://u@h/", ""):
        refused = server.call("PATCH", path, {"legacy_audience": wrong})
        assert [each["field"] for each in refused.json()["errors"]] == ["legacy_audience"]
    held = client(server, "accounts:list")
    path = f"{V1}/credentials/{held.record['id']}"
    refused = server.call("PATCH", path, {"legacy_audience": legacy})
    assert [each["field"] for each in refused.json()["errors"]] == ["legacy_audience"]


WRONG: dict[str, dict[str, Any]] = {
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a jti that is a number": {"jti": 7},
    "no exp": {"exp": None},
    "exp in words": {"exp": "tomorrow"},
    "another iss": {"iss": "ksc_000000000000"},
    "another sub": {"sub": "ksc_000000000000"},
    "no iss": {"iss": None},
    "no sub": {"sub": None},
    "nobody": {"iss": "ksc_000000000000", "sub": "ksc_000000000000"},
    "a key": {"iss": "ksk_000000000000", "sub": "ksk_000000000000"},
    "no id": {"iss": "x", "sub": "x"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_claim_that_is_wrong_or_missing_is_no_proof(
    server: Server, claims: dict[str, Any]
) -> None:
    made = signing(server)
    assert error(made.ask(made.assertion(**claims))) == (401, "invalid_client")


def test_clocks_may_differ_by_ten_seconds_and_not_by_sixty(clocked: Clocked) -> None:
    made = signing(clocked)
    now = made.now

    def asked(**claims: Any) -> int:  # noqa: ANN401
        return made.ask(made.assertion(**claims)).status

    assert [asked(exp=now - 10), asked(exp=now - 60)] == [200, 401]
    assert [asked(iat=now + 10), asked(iat=now + 60)] == [200, 401]
    assert [asked(nbf=now + 10), asked(nbf=now + 60)] == [200, 401]
    assert [asked(exp=now + 300), asked(exp=now + 310), asked(exp=now + 360)] == [200, 200, 401]


def test_one_is_remembered_for_as_long_as_any_clock_would_take_it(clocked: Clocked) -> None:
    made = signing(clocked)
    assertion = made.assertion(exp=made.now + 60)
    assert made.ask(assertion).status == 200
    for _ in range(10):
        clocked.set(clocked.after(seconds=10))
        assert made.ask(assertion).status == 401


HEADERS: dict[str, dict[str, object]] = {
    "none": {"alg": "none"},
    "HMAC with the public key": {"alg": "HS256"},
    "another algorithm": {"alg": "ES384"},
    "no algorithm": {"alg": None},
    "another key": {"kid": "second"},
    "jku": {"jku": "https://evil.example/jwks"},
    "x5u": {"x5u": "https://evil.example/cert"},
    "jwk": {"jwk": client_pair("ES256", "first").public},
    "crit": {"crit": ["b64"], "b64": False},
    "typ of an access token": {"typ": "at+jwt"},
    "typ of an event": {"typ": "secevent+jwt"},
    "typ that is a number": {"typ": 5},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_that_leads_astray_is_no_proof(server: Server, header: dict[str, object]) -> None:
    made = signing(server)
    said = {"alg": "ES256", "kid": "first", **header}
    wanted = {name: value for name, value in said.items() if value is not None}
    assert error(made.ask(made.assertion(wanted))) == (401, "invalid_client")


@pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt", None])
def test_its_own_type_or_none_is_taken(server: Server, typ: str | None) -> None:
    made = signing(server)
    header = {"alg": "ES256", "kid": "first", **({} if typ is None else {"typ": typ})}
    assert made.ask(made.assertion(header)).status == 200


def test_another_clients_signature_is_no_proof(server: Server) -> None:
    made, other = signing(server), signing(server, name="second")
    forged = Signing(server, made.id, other.pair, made.record)
    header = {"alg": "ES256", "kid": "first"}
    assert error(made.ask(forged.assertion(header))) == (401, "invalid_client")
    assert error(made.ask(forged.assertion())) == (401, "invalid_client")


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b", "ey.ey.ey", "....", "\0", "é", "x" * 9000, b64({"alg": "ES256"}) + ".e30."],
)
def test_what_is_no_assertion_is_refused(server: Server, text: str) -> None:
    made = signing(server)
    refused = made.ask(text)
    # An empty parameter is one that was not sent.
    assert error(refused) == ((400, "invalid_request") if not text else (401, "invalid_client"))


def test_unknown_client_and_wrong_signature_are_one_answer(server: Server) -> None:
    made = signing(server)
    nobody = Signing(server, "ksc_000000000000", made.pair, made.record)
    with_secret = client(server, "accounts:list")
    keyless = Signing(server, with_secret.id, made.pair, made.record)
    other = Signing(server, made.id, client_pair("ES256", "second"), made.record)
    answers = [
        each.ask(each.assertion({"alg": "ES256", "kid": "first"}))
        for each in (nobody, keyless, other)
    ]
    basically = post(server, TOKEN, [GRANT], authorization=basic("ksc_000000000000", "x"))
    assert {(a.status, a.body, a.headers["www-authenticate"]) for a in answers} == {
        (401, basically.body, basically.headers["www-authenticate"])
    }


def test_the_client_id_of_the_form_is_the_one_that_signed(server: Server) -> None:
    made = signing(server)
    assert made.ask(made.assertion(), more=[("client_id", made.id)]).status == 200
    refused = made.ask(made.assertion(), more=[("client_id", "ksc_000000000000")])
    assert error(refused) == (400, "invalid_request")


@pytest.mark.parametrize(
    "pairs",
    [
        [("client_assertion", "{good}")],
        [("client_assertion_type", TYPE)],
        [("client_assertion", "{good}"), ("client_assertion_type", "saml2-bearer")],
        [("client_assertion", "{good}"), ("client_assertion_type", TYPE.upper())],
        [("client_assertion", "{good}")] * 2,
        [("client_assertion_type", TYPE)] * 2,
    ],
    ids=["no-type", "no-assertion", "another-type", "upper-case", "twice", "type-twice"],
)
def test_assertion_and_type_stand_together_and_once(
    server: Server, pairs: list[tuple[str, str]]
) -> None:
    made = signing(server)
    sent = [(name, value.replace("{good}", made.assertion())) for name, value in pairs]
    assert error(post(server, TOKEN, [GRANT, *sent])) == (400, "invalid_request")


def test_it_is_the_only_proof_of_its_request(server: Server) -> None:
    made, other = signing(server), client(server, "accounts:list")
    proof = [("client_assertion_type", TYPE), ("client_assertion", made.assertion())]
    for pairs, more in (
        ([*proof, *other.pairs], {}),
        (proof, {"authorization": other.basic}),
        (proof, {"authorization": f"Bearer {server.admin_token}"}),
        (proof, {"x_api_key": other.secret}),
    ):
        how: dict[str, Any] = more
        assert error(post(server, TOKEN, [GRANT, *pairs], **how)) == (400, "invalid_request")


def test_a_key_that_was_exchanged_is_no_proof_any_more_in_any_process(workers: Server) -> None:
    made = signing(workers)
    newer = client_pair("ES256", "second")
    assert {made.ask(made.assertion()).status for _ in range(8)} == {200}
    ok(workers.call("POST", f"{made.path}/rotate", {"public_jwks": set_of(newer)}))
    assert {made.ask(made.assertion()).status for _ in range(8)} == {401}
    after = Signing(workers, made.id, newer, made.record)
    assert {after.ask(after.assertion()).status for _ in range(8)} == {200}


@pytest.mark.parametrize("act", ["revoke", "disable"])
def test_a_client_that_was_ended_is_no_client_and_its_tokens_end(server: Server, act: str) -> None:
    made = signing(server)
    token = ok(made.ask(made.assertion()))["access_token"]
    ok(server.call("POST", f"{made.path}/{act}"))
    assert error(made.ask(made.assertion())) == (401, "invalid_client")
    assert whoami(server, token).status == 401


def test_a_deleted_client_is_no_client(server: Server) -> None:
    made = signing(server)
    ok(server.call("DELETE", made.path), 204)
    assert error(made.ask(made.assertion())) == (401, "invalid_client")


def test_its_networks_and_its_end_hold_for_what_it_signs(clocked: Clocked) -> None:
    bound = signing(clocked, networks=["192.0.2.0/24"])
    assert error(bound.ask(bound.assertion())) == (401, "invalid_client")
    end = clocked.after(seconds=60)
    made = signing(clocked, expires_at=end)
    assert ok(made.ask(made.assertion()))["expires_in"] == 60
    clocked.set(end)
    assert error(made.ask(made.assertion())) == (401, "invalid_client")


def test_a_client_ends_its_own_token_by_a_signature(server: Server) -> None:
    made = signing(server)
    token = ok(made.ask(made.assertion()))["access_token"]
    other = exchanged(server, client(server, "accounts:list"))
    form = [("client_assertion_type", TYPE), ("client_assertion", made.assertion())]
    assert error(post(server, "/oauth/revoke", [*form, ("token", other)])) == (
        400,
        "invalid_request",
    )
    # That was refused, so the assertion is still good.
    assert post(server, "/oauth/revoke", [*form, ("token", token)]).status == 200
    assert whoami(server, token).status == 401


def test_an_api_asks_by_a_signature_what_it_was_shown(server: Server) -> None:
    api = register(server, groups=catalogue(orders="list"))
    shown = exchanged(server, client(server, access=[access(api, "orders:list")]))
    made = signing(server, "tokens:verify")
    form = [("client_assertion_type", TYPE), ("client_assertion", made.assertion())]
    found = ok(post(server, "/oauth/introspect", [*form, ("token", shown)]))
    assert (found["active"], found["scope"]) == (True, "orders:list")


def test_an_assertion_is_no_bearer_token(server: Server) -> None:
    made = signing(server, "tokens:verify")
    assertion = made.assertion()
    assert whoami(server, assertion).code == "invalid_credential"
    form = {"token": assertion}
    refused = post(server, "/oauth/introspect", form, authorization=f"Bearer {assertion}")
    assert error(refused) == (401, "invalid_token")
    asker = client(server, "tokens:verify")
    told = post(server, "/oauth/introspect", form, authorization=asker.basic)
    assert ok(told) == {"active": False}


def test_each_use_is_counted_and_each_refusal_entered_without_the_assertion(server: Server) -> None:
    made = signing(server)
    for _ in range(2):
        assert made.ask(made.assertion()).status == 200
    assertion = made.assertion()
    assert made.ask(assertion).status == 200
    refused = made.ask(assertion)
    found = ok(server.call("GET", f"{V1}/audit/events?decision=refused"))["items"]
    request_id = refused.headers["keystead-request-id"]
    (entry,) = [each for each in found if each["request_id"] == request_id]
    assert entry["actor"]["credential_id"] == made.record["id"]
    assert (entry["verb"], entry["code"]) == ("oauth.issue", "invalid_credential")
    assert assertion not in str(entry)

    def uses() -> int:
        last = ok(server.call("GET", made.path))["last_used"]
        return 0 if last is None else int(last["uses"])

    until(lambda: uses() == 3)


def test_an_assertion_in_the_url_is_refused(server: Server) -> None:
    made = signing(server)
    query = f"?client_assertion={made.assertion()}"
    assert error(post(server, f"{TOKEN}{query}", [GRANT])) == (400, "invalid_request")
