"""In which form a secret is answered, and which states the client has already."""

import pytest

from keystead.api.vault.secrets import _Form, _prefers_text
from keystead.core.arrival import Arrival
from keystead.core.clock import Instant, SystemClock
from keystead.web.call import Call


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/plain", True),
        ("TEXT/PLAIN", True),
        ("text/plain; charset=utf-8", True),
        ("text/plain, application/json", True),
        ("application/json, text/plain", True),
        ("application/json;q=0.9, text/plain;q=0.8", False),
        ("application/json;q=0.8, text/plain;q=0.9", True),
        ("text/plain;q=0", False),
        ("text/plain;q=0, */*", False),
        ("text/plain; q=0.5", True),
        ("text/plain;q=x", False),
        ("text/plain;q=nan", False),
        ("text/plain;q=-1", False),
        ("text/html", False),
        ("text/*", False),
        (",,;,q=1", False),
        ("text/plainer", False),
    ],
)
def test_text_is_answered_where_it_is_asked_for_by_name(accept: str, text: bool) -> None:
    assert _prefers_text(accept) == text


def form(tags: str, accept: str = "", query: list[tuple[str, str]] | None = None) -> _Form:
    arrival = Arrival(None, None, "socket", Instant(0), "req_x")
    headers = {"if-none-match": tags, "accept": accept}
    call = Call(None, SystemClock(), arrival, {}, query or [], headers, b"")  # type: ignore[arg-type]
    return _Form.of(call)


@pytest.mark.parametrize(
    ("tags", "known"),
    [
        ("", set()),
        ('"7-abc-j"', {"7-abc"}),
        ('W/"7-abc-j"', {"7-abc"}),
        ('"1-a-j", "2-b-j"', {"1-a", "2-b"}),
        ('"7-abc-tpassword"', set()),
        ('"7-abc"', set()),
        ("garbage", set()),
        (", ,", set()),
    ],
)
def test_tags_of_this_form_alone_count(tags: str, known: set[str]) -> None:
    assert form(tags).known_tags == known


def test_each_form_and_field_has_tags_of_its_own() -> None:
    assert form('"7-abc-tpassword"', "text/plain").known_tags == {"7-abc"}
    assert form('"7-abc-j"', "text/plain").known_tags == frozenset()
    assert form('"7-abc-jtoken"', query=[("field", "token")]).known_tags == {"7-abc"}
    assert form('"7-abc-j"', query=[("field", "token")]).known_tags == frozenset()


def test_plain_text_is_of_one_field() -> None:
    assert form("", "text/plain").field == "password"
    assert form("", "text/plain", [("field", "token")]).field == "token"
    assert form("").field is None
