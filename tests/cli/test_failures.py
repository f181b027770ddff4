"""Which error ends with which exit code, and what is said of it."""

import pytest

import keystead_client as sdk
from keystead.cli.endings import _EXITS, explain
from keystead.cli.failures import Exit, Misuse, tell
from keystead.core import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Unauthenticated("invalid_credential", "x"), Exit.REFUSED),
        (errors.Forbidden("insufficient_scope", "x"), Exit.REFUSED),
        (errors.NotFound(), Exit.NOT_FOUND),
        (errors.Conflict("name_taken", "x"), Exit.CONFLICT),
        (errors.CheckFailed("x"), Exit.CONFLICT),
        (errors.Invalid("x"), Exit.INVALID),
        (errors.Unavailable("busy", "x"), Exit.UNAVAILABLE),
        (errors.Throttled(7), Exit.UNAVAILABLE),
        (errors.Misconfigured("x"), Exit.MISCONFIGURED),
        (sdk.MisconfiguredClient("x"), Exit.USAGE),
        (sdk.Unreachable("x"), Exit.UNAVAILABLE),
        (sdk.UnexpectedAnswer("x"), Exit.UNEXPECTED),
        (Misuse("x"), Exit.USAGE),
        (PermissionError(13, "Permission denied", "data"), Exit.UNEXPECTED),
        (ZeroDivisionError("x"), Exit.UNEXPECTED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(error: Exception, code: Exit) -> None:
    assert explain(error).exit is code


def test_every_error_of_the_client_and_of_the_core_has_been_thought_of() -> None:
    def leaves(kind: type[Exception]) -> set[type[Exception]]:
        below = kind.__subclasses__()
        return {kind} if not below else set().union(*map(leaves, below))

    ours = {kind for kind in leaves(errors.KeysteadError) if kind.__module__ == errors.__name__}
    for kind in ours | leaves(sdk.KeysteadError):
        assert _EXITS.keys() & set(kind.__mro__), kind


def test_a_refined_error_ends_like_what_it_refines() -> None:
    class Finer(errors.Misconfigured):
        """A misconfiguration of a kind."""

    assert explain(Finer("x")).exit is Exit.MISCONFIGURED


def test_every_wrong_field_of_the_core_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = errors.Invalid("some fields are wrong", errors.FieldError("name", "is\x1b empty"))
    tell(explain(wrong), as_json=False)
    assert capsys.readouterr().err == "error: some fields are wrong\nerror: name: is� empty\n"


def test_an_unexpected_fault_does_not_quote_what_it_stumbled_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = ValueError("hunter2")
    monkeypatch.delenv("KEYSTEAD_TRACEBACK", raising=False)
    tell(explain(fault), as_json=True, cause=fault)
    assert "hunter2" not in capsys.readouterr().err
    monkeypatch.setenv("KEYSTEAD_TRACEBACK", "1")
    tell(explain(fault), as_json=False, cause=fault)
    assert "ValueError: hunter2" in capsys.readouterr().err


def test_the_time_to_wait_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    busy = sdk.Unavailable("too many", code="rate_limited", status=429, retry_after=7)
    tell(explain(busy), as_json=False)
    assert capsys.readouterr().err == "error: too many (try again after 7 s) [rate_limited]\n"
