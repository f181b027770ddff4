"""Where the master key comes from: a file, a text of the environment, or a passphrase.

A passphrase becomes the key by Argon2id (RFC 9106). How, and with which salt, is one line of text that is
no secret and is kept in the database, so that every node makes the same key of the same passphrase.
"""

from __future__ import annotations

import base64
import os
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.master.key import (
    KEY_BYTES,
    MasterKey,
    parse_master_key,
    pending_of,
    read_master_key,
    read_private_file,
)
from keystead.crypto.master.token import TOKEN_MARK, Token, unwrap_by_token, wrap_by_token

__all__ = [
    "LEAST_PASSPHRASE",
    "KeyFile",
    "KeyText",
    "MasterSource",
    "Passphrase",
    "new_derivation",
    "open_master",
]

LEAST_PASSPHRASE: Final = 16
"""Characters of a new passphrase at least: whoever has a copy of the database tries as long as he likes."""

_MOST_PASSPHRASE: Final = 1024

# RFC 9106 §4: as much memory as is bearable first. Whoever starts a process pays it once, half a second.
_TIMES: Final = 3
_KIB: Final = 256 * 1024
_LANES: Final = 4
_SALT_BYTES: Final = 16

# What a row may ask for at most: it comes from the database, and must not take a machine's memory.
_MOST_TIMES: Final = 32
_MOST_KIB: Final = 2 * 1024 * 1024
_MOST_LANES: Final = 16
_DERIVATION: Final = re.compile(
    r"argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9_-]{22})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A file that holds the key; see `key`."""

    path: Path

    def __str__(self) -> str:
        """Name it for an operator."""
        return f"the file {self.path}"


@dataclass(frozen=True, slots=True)
class KeyText:
    """The text of a key file, from a variable of this name."""

    text: Secret
    name: str

    def __str__(self) -> str:
        """Name it for an operator."""
        return self.name


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A passphrase, from a variable of this name, or from a file that the setting of this name names."""

    given: Secret | Path
    name: str

    def __str__(self) -> str:
        """Name it for an operator."""
        return f"the passphrase of {self.name}"


MasterSource = KeyFile | KeyText | Passphrase | Token


def open_master(source: MasterSource, derivation: str = "", key_id: str = "") -> MasterKey:
    """Return the master key of a source.

    Args:
        source: where it comes from.
        derivation: as of `new_derivation`, for a passphrase.
        key_id: the one that is in force, which may still stand beside its file (`settle_master_key`).

    Raises:
        Misconfigured: the source does not hold what it should; the message repeats nothing of it.
    """
    match source:
        case KeyFile(path):
            return _read_either(path, key_id)
        case KeyText(text, name):
            raw = parse_master_key(text.reveal().encode())
            if raw is None:
                raise Misconfigured(
                    f"{name} holds no whole master key: it should be the one line of a key file, which"
                    " begins with ksmk1_. keystead master-key new makes one."
                )
            return MasterKey(raw)
        case Token():
            return MasterKey(unwrap_by_token(source, derivation), derivation)
        case Passphrase():
            return _derived(_text_of(source), derivation, source)


def new_derivation(source: MasterSource) -> str:
    """Return how a new key is made of a passphrase, or as a token wraps one; nothing for other sources.

    Raises:
        Misconfigured: the passphrase is too short to be one, or the token cannot be used.
    """
    if isinstance(source, Token):
        return wrap_by_token(source, os.urandom(KEY_BYTES))
    if not isinstance(source, Passphrase):
        return ""
    if len(_text_of(source)) < LEAST_PASSPHRASE:
        raise Misconfigured(
            f"The passphrase of {source.name} is too short: it takes {LEAST_PASSPHRASE} characters or more,"
            " best six or more words that were drawn by lot."
        )
    salt = base64.urlsafe_b64encode(os.urandom(_SALT_BYTES)).rstrip(b"=").decode()
    return f"argon2id$v=19$m={_KIB},t={_TIMES},p={_LANES}${salt}"


def _read_either(path: Path, key_id: str) -> MasterKey:
    pending = pending_of(path)
    if key_id and pending.exists():
        with suppress(Misconfigured):
            found = read_master_key(pending)
            if found.key_id == key_id:
                return found
    return read_master_key(path)


def _text_of(source: Passphrase) -> str:
    given = source.given
    text = given.reveal() if isinstance(given, Secret) else _first_line(given)
    if not text:
        raise Misconfigured(f"{source.name} holds no passphrase.")
    if len(text) > _MOST_PASSPHRASE:
        raise Misconfigured(f"{source} is longer than {_MOST_PASSPHRASE} characters.")
    # RFC 8265 §4.2, as for passwords: one keyboard sends é as one code point, another as two.
    return unicodedata.normalize("NFC", text)


def _first_line(path: Path) -> str:
    data = read_private_file(path, _MOST_PASSPHRASE * 4 + 2, "passphrase")
    try:
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Misconfigured(f"The passphrase file {path} is not UTF-8 text.") from None


def _derived(passphrase: str, derivation: str, source: Passphrase) -> MasterKey:
    if not derivation or derivation.startswith(TOKEN_MARK):
        raise Misconfigured(
            f"This installation's master key is not made of a passphrase, so {source.name} does not open"
            " it: give what it comes from."
        )
    match = _DERIVATION.fullmatch(derivation)
    kib, times, lanes = (int(each) for each in match.groups()[:3]) if match else (0, 0, 0)
    if match is None or not (
        8 * lanes <= kib <= _MOST_KIB and 0 < times <= _MOST_TIMES and 0 < lanes <= _MOST_LANES
    ):
        raise Misconfigured(
            "What the database says of how the master key is made of its passphrase is of an unknown form."
            " Restore it from a backup."
        )
    raw = hash_secret_raw(
        passphrase.encode(errors="surrogatepass"),
        base64.urlsafe_b64decode(f"{match[4]}=="),
        time_cost=times,
        memory_cost=kib,
        parallelism=lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
    return MasterKey(raw, derivation)
