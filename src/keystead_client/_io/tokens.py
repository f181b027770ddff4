"""Where a token comes from, and comes from again when the server no longer takes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keystead_client._core.errors import MisconfiguredClient
from keystead_client._core.secret import Secret

__all__ = ["TokenSource"]

# A token has 65 characters; a file that is much longer is not one.
_LARGEST_TOKEN_FILE: Final = 4096
_TOKEN: Final = "KEYSTEAD_TOKEN"  # noqa: S105  # a variable's name
_TOKEN_FILE: Final = "KEYSTEAD_TOKEN_FILE"  # noqa: S105  # as above


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where a token comes from: `fixed`, from a `file`, the `environment` or a `function`.

    Attributes:
        read: gives the token as it stands now; raises `MisconfiguredClient` where there is none.
    """

    read: Callable[[], Secret]

    @classmethod
    def fixed(cls, token: Secret | str) -> TokenSource:
        """Take this token, always."""
        kept = _secret(token)
        return cls(lambda: kept)

    @classmethod
    def file(cls, path: str | os.PathLike[str]) -> TokenSource:
        """Take what this file holds, blanks around it aside."""
        return cls(lambda: _in_file(path, f"the token's file {os.fspath(path)}"))

    @classmethod
    def environment(cls, environ: Mapping[str, str] | None = None) -> TokenSource:
        """Take `KEYSTEAD_TOKEN`, or what the file holds that `KEYSTEAD_TOKEN_FILE` names.

        An empty variable counts as one that is not set.
        """
        return cls(lambda: _in_environment(os.environ if environ is None else environ))

    @classmethod
    def function(cls, give: Callable[[], Secret | str]) -> TokenSource:
        """Take what this function returns; what it raises goes through to the caller."""
        return cls(lambda: _secret(give()))


def _secret(token: Secret | str) -> Secret:
    return Secret(token) if isinstance(token, str) else token


def _in_environment(environ: Mapping[str, str]) -> Secret:
    token, file = Secret(environ.get(_TOKEN, "")), environ.get(_TOKEN_FILE, "")
    if token and file:
        raise MisconfiguredClient(f"{_TOKEN} and {_TOKEN_FILE} are both set: one of them")
    if file:
        return _in_file(file, f"{_TOKEN_FILE}: {file}")
    if not token:
        raise MisconfiguredClient(
            f"no token: set {_TOKEN}, or {_TOKEN_FILE} to the name of a file that holds it"
        )
    return token


def _in_file(path: str | os.PathLike[str], called: str) -> Secret:
    try:
        with Path(path).open("rb") as stream:
            found = _text(stream.read(_LARGEST_TOKEN_FILE + 1))
    except OSError as error:
        raise MisconfiguredClient(f"{called}: {error.strerror}") from None
    if not found:
        raise MisconfiguredClient(f"{called} holds no token")
    return found


def _text(content: bytes) -> Secret:
    if len(content) > _LARGEST_TOKEN_FILE or not content.isascii():
        return Secret("")
    return Secret(content.decode("ascii").strip())
