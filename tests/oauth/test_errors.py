"""Every code of the house has its status and error here, and the guide names each of them."""

from __future__ import annotations

import re

import pytest

from keystead.api.oauth.refusals import ERRORS, refusal
from keystead.core.errors import Invalid, KeysteadError, Refused, Throttled, Unavailable
from keystead.web.refusals import STATUS
from tests.docs.test_tables import rows

NEVER = {
    # About objects, passwords and repeated requests, which there are none of here.
    "name_taken", "wrong_state", "cas_mismatch", "idempotency_mismatch", "wrong_password",
    # Answered before any door is asked.
    "headers_too_large", "unsupported_coding",
    # What is in no table.
    "internal_error",
}  # fmt: skip


def test_every_code_of_the_house_has_its_error() -> None:
    assert set(STATUS) - set(ERRORS) == NEVER


def test_codes_have_the_status_they_have_elsewhere_but_for_what_oauth_says() -> None:
    different = {code for code in STATUS if code in ERRORS and ERRORS[code][0] != STATUS[code]}
    assert different == {
        "unsupported_media_type",
        "tls_required",
        "network_denied",
        "cookie_auth_not_allowed",
    }


def test_the_guide_has_a_row_for_each_error() -> None:
    written = {
        (int(status), name)
        for statuses, errors, _ in rows("oauth.md", "Errors")
        for status in statuses.split(", ")
        for name in re.findall(r"`(\w+)`", errors)
    }
    bearer = {(401, "invalid_token"), (500, "server_error")}
    assert written == set(ERRORS.values()) | bearer


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_no_sentence_breaks_the_header_or_the_grammar(scheme: str) -> None:
    hostile = 'a"b\\c\r\nSet-Cookie: x=1\x00é'
    for error in (
        Refused("invalid_credential", hostile),
        Refused("insufficient_scope", hostile),
        Invalid(hostile),
        Unavailable("busy", hostile),
        Throttled(7),
        KeysteadError(hostile),
    ):
        answer, headers = refusal(error, scheme, "req_1")
        for text in (answer.body.decode(), *headers.values()):
            assert "\r" not in text
            assert "\n" not in text
            assert "é" not in text
            assert "Set-Cookie: x" not in text or "\\" not in text
        assert headers["Pragma"] == "no-cache"


def test_a_fault_of_ours_tells_nothing_of_itself() -> None:
    answer, _ = refusal(KeysteadError("canary"), "Basic", "req_1")
    assert (answer.status, b"canary" in answer.body) == (500, False)
