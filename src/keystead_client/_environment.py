"""What the environment says about the server and the token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keystead_client._errors import MisconfiguredClient
from keystead_client._secret import Secret

__all__ = ["Settings", "settings_from"]

# A token has 65 characters; a file that is much longer is not one.
_LARGEST_TOKEN_FILE: Final = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """What `Client.from_environment` found."""

    url: str
    token: Secret
    ca_file: str | None


def settings_from(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `KEYSTEAD_URL`, `KEYSTEAD_TOKEN` or `KEYSTEAD_TOKEN_FILE`, and `KEYSTEAD_CA_FILE`.

    An empty variable counts as one that is not set.

    Raises:
        MisconfiguredClient: the address or the token is missing, the token is given in both forms,
            or the file cannot be read.
    """
    found = os.environ if environ is None else environ
    url = found.get("KEYSTEAD_URL", "")
    if not url:
        raise MisconfiguredClient(
            "KEYSTEAD_URL is not set: the server's address, https://host[:port]"
        )
    return Settings(url, _token(found), found.get("KEYSTEAD_CA_FILE") or None)


def _token(environ: Mapping[str, str]) -> Secret:
    token = environ.get("KEYSTEAD_TOKEN", "")
    file = environ.get("KEYSTEAD_TOKEN_FILE", "")
    if token and file:
        raise MisconfiguredClient(
            "KEYSTEAD_TOKEN and KEYSTEAD_TOKEN_FILE are both set: one of them"
        )
    if token:
        return Secret(token)
    if file:
        return Secret(_read(file))
    raise MisconfiguredClient(
        "no token: set KEYSTEAD_TOKEN, or KEYSTEAD_TOKEN_FILE to the name of a file that holds it"
    )


def _read(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            found = stream.read(_LARGEST_TOKEN_FILE + 1)
    except OSError as error:
        raise MisconfiguredClient(f"KEYSTEAD_TOKEN_FILE: {file}: {error.strerror}") from None
    try:
        text = found.decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(found) > _LARGEST_TOKEN_FILE:
        raise MisconfiguredClient(f"KEYSTEAD_TOKEN_FILE: {file} holds no token")
    return text
