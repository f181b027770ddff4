"""A secret prints itself nowhere."""

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import msgspec
import pytest

from keystead.core.secret import Secret

TEXT = "hunter2-hunter2"
SECRET = Secret(TEXT)


@dataclass(frozen=True, slots=True)
class Holder:
    name: str
    value: Secret


def in_a_log() -> str:
    out = io.StringIO()
    log = logging.Logger("secrets")  # noqa: LOG001  # one of its own
    log.addHandler(logging.StreamHandler(out))
    log.error("%s %r %s", SECRET, SECRET, {"a": [SECRET]}, extra={"held": SECRET})
    try:
        raise ValueError(SECRET)  # noqa: TRY301  # to be logged here
    except ValueError:
        log.exception("failed with %s", SECRET)
    return out.getvalue()


def in_a_traceback() -> str:
    try:
        local = SECRET
        raise RuntimeError(local, {"key": local})  # noqa: TRY301  # as above
    except RuntimeError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(shown.format()) + repr(error) + str(error)


PRINTED: dict[str, Callable[[], str]] = {
    "repr": lambda: repr(SECRET),
    "str": lambda: str(SECRET),
    "percent": lambda: "%s %r" % (SECRET, SECRET),  # noqa: UP031  # this form is the case
    "nested": lambda: repr([SECRET, {"a": SECRET}, (SECRET,)]),
    "repr of a record": lambda: repr(Holder("x", SECRET)),
    "text of a record": lambda: str(Holder("x", SECRET)),
    "conversion": lambda: f"{SECRET!r} {SECRET!s} {SECRET!a}",
    "log": in_a_log,
    "traceback": in_a_traceback,
}

TAKEN_ALONG: dict[str, Callable[[], object]] = {
    "f-string": lambda: f"{SECRET}",
    "f-string with a form": lambda: f"{SECRET:>40}",
    "format": lambda: "{0}".format(SECRET),  # noqa: UP030, UP032  # as above
    "pickle": lambda: pickle.dumps(SECRET),
    "pickle, nested": lambda: pickle.dumps({"a": [SECRET]}),
    "copy": lambda: copy.copy(SECRET),
    "deep copy": lambda: copy.deepcopy({"a": SECRET}),
    "a record as a dictionary": lambda: asdict(Holder("x", SECRET)),
    "json": lambda: json.dumps({"a": SECRET}),
    "msgspec": lambda: msgspec.json.encode(SECRET),
    "msgspec, in a record": lambda: msgspec.json.encode(Holder("x", SECRET)),
    "msgpack": lambda: msgspec.msgpack.encode(SECRET),
    "hash": lambda: hash(SECRET),
    "key": lambda: {SECRET: 1},
    "set": lambda: {SECRET},
    "join": lambda: ",".join([SECRET, *"ab"]),  # type: ignore[list-item]
    "concatenation": lambda: "a" + SECRET,  # type: ignore[operator]
    "bytes": lambda: bytes(SECRET),  # type: ignore[call-overload]
    "iteration": lambda: list(SECRET),  # type: ignore[call-overload]
    "index": lambda: SECRET[0],  # type: ignore[index]
    "membership": lambda: "h" in SECRET,  # type: ignore[operator]
    "vars": lambda: vars(SECRET),
}


@pytest.mark.parametrize("way", PRINTED)
def test_no_way_of_printing_shows_it(way: str) -> None:
    assert "hunter2" not in PRINTED[way]()


@pytest.mark.parametrize("way", TAKEN_ALONG)
def test_no_way_of_taking_it_along_works(way: str) -> None:
    with pytest.raises((TypeError, NotImplementedError)) as refused:
        TAKEN_ALONG[way]()
    assert "hunter2" not in str(refused.value)


def test_only_reveal_gives_the_text() -> None:
    assert SECRET.reveal() == TEXT


def test_two_are_equal_by_their_text_and_to_nothing_else() -> None:
    assert Secret(TEXT) == SECRET
    assert Secret("other") != SECRET
    assert SECRET != TEXT
    assert TEXT.encode() != SECRET
    assert Secret("\u00e9") == Secret("\u00e9")
    assert Secret("\u00e9") != Secret("e")


def test_its_size_is_in_bytes() -> None:
    assert Secret("\u00e9a").size == 3
    assert Secret("").size == 0
