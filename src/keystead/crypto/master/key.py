"""The master key, and the file it lives in; the next one stands beside it while it is rotated.

The file is one line, `ksmk1_` + the key in base62 (43) + check (6), readable by its owner alone.
Reading and writing it is the only input and output of this room: mode, durability and form of a key
file are one matter, and the text of the key should not travel through other rooms.
"""

from __future__ import annotations

import hmac
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.token_format import check_digits, from_base62, to_base62

__all__ = [
    "KEY_BYTES",
    "MasterKey",
    "copy_master_key",
    "create_master_key",
    "new_master_key_text",
    "parse_master_key",
    "pending_of",
    "read_master_key",
    "read_private_file",
    "settle_master_key",
]

KEY_BYTES: Final = 32

_FORMAT: Final = b"\x01"
_NONCE: Final = slice(1, 13)
_TEXT: Final = slice(13, None)
_NONCE_BYTES: Final = 12
_WRAPPED_BYTES: Final = len(_FORMAT) + _NONCE_BYTES + KEY_BYTES + 16

_MARK: Final = "ksmk1_"
_DIGITS: Final = 43
_LINE_BYTES: Final = len(_MARK) + _DIGITS + 6
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class MasterKey:
    """The key that wraps the others; it seals no value itself.

    Attributes:
        key_id: eight hexadecimal digits that name the key and reveal nothing of it.
        derivation: how it was made of a passphrase (`source`); nothing of other keys.
    """

    __slots__ = ("_wrapping", "derivation", "key_id")

    def __init__(self, raw: bytes, derivation: str = "") -> None:
        """Derive what is needed; the 32 bytes themselves are not kept.

        Raises:
            ValueError: it has another length.
        """
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a master key is {KEY_BYTES} bytes")
        # RFC 5869; no salt, for the master key is 32 random bytes already (§3.1).
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"keystead wrap 1").derive(raw)
        self._wrapping: Final = AESGCM(derived)
        self.key_id: Final = hmac.digest(raw, b"keystead master key id", "sha256").hex()[:8]
        self.derivation: Final = derivation

    def wrap(self, purpose: str, n: int, key: bytes) -> bytes:
        """Wrap a key for this purpose and number: format ‖ nonce (12) ‖ ciphertext ‖ tag (16)."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._wrapping.encrypt(nonce, key, _bind(purpose, n))

    def unwrap(self, purpose: str, n: int, wrapped: bytes) -> bytes:
        """Return the key that was wrapped for this purpose and number.

        Raises:
            Misconfigured: it was altered, moved, or wrapped with another master key.
        """
        # There is one length only: a ciphertext made to open under two keys needs room.
        if len(wrapped) == _WRAPPED_BYTES and wrapped[:1] == _FORMAT:
            with suppress(InvalidTag):
                return self._wrapping.decrypt(wrapped[_NONCE], wrapped[_TEXT], _bind(purpose, n))
        raise Misconfigured(
            f"The wrapped key {purpose} {n} does not open with master key {self.key_id}: it was"
            " altered or put in another's place. Restore the keyring from a backup."
        )


def create_master_key(path: Path) -> MasterKey:
    """Make a new master key and keep it in a new file of mode 0600, durably.

    Raises:
        Misconfigured: the file exists already, or cannot be written; nothing is left behind then.
    """
    raw = os.urandom(KEY_BYTES)
    _write(path, raw)
    return MasterKey(raw)


def pending_of(path: Path) -> Path:
    """Return where the next key of this file stands while the keyring is wrapped with it."""
    return path.with_name(f"{path.name}.new")


def settle_master_key(path: Path, key_id: str) -> None:
    """Leave the one of a key's file and its next one that is in force, at the key's own place.

    Nobody wraps the keyring meanwhile. Where neither is in force, or a file cannot be changed, both stay.
    """
    pending = pending_of(path)
    if not pending.exists():
        return
    with suppress(Misconfigured, OSError):
        if path.exists() and MasterKey(_read(path)).key_id == key_id:
            pending.unlink()
        elif MasterKey(_read(pending)).key_id == key_id:
            pending.replace(path)
        _sync_directory(path.parent)


def copy_master_key(source: Path, path: Path) -> None:
    """Keep the master key of a file in another, new one, as `create_master_key` does.

    Raises:
        Misconfigured: as of `read_master_key` and `create_master_key`.
    """
    _write(path, _read(source))


def new_master_key_text() -> Secret:
    """Return the text of a new master key, for somebody who keeps it himself."""
    return Secret(_line_of(os.urandom(KEY_BYTES)))


def _line_of(raw: bytes) -> str:
    body = _MARK + to_base62(int.from_bytes(raw), _DIGITS)
    return f"{body}{check_digits(body)}"


def _write(path: Path, raw: bytes) -> None:
    try:
        # O_EXCL: an existing key is never overwritten; it may be the only one to a database.
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Misconfigured(f"The master key file {path} exists already and is kept.") from None
    except OSError as error:
        raise _cannot("make", path, error) from None
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(f"{_line_of(raw)}\n")
            file.flush()
            os.fsync(fd)
        _sync_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _cannot("write", path, error) from None


def read_master_key(path: Path) -> MasterKey:
    """Read the master key from its file.

    Raises:
        Misconfigured: it is absent, readable by others, or not a master key file. The message says
            what to do, and repeats nothing of the contents.
    """
    return MasterKey(_read(path))


def _read(path: Path) -> bytes:
    raw = parse_master_key(read_private_file(path, _LINE_BYTES + 3, "master key"))
    if raw is None:
        raise Misconfigured(
            f"The file {path} is not a whole master key: it should be one line that begins with"
            f" {_MARK}. Restore it from where you keep it."
        )
    return raw


def read_private_file(path: Path, most: int, what: str) -> bytes:
    """Read at most so many bytes of a file that nobody but its owner can use.

    Raises:
        Misconfigured: it is absent, no file, or others can use it; `what` it should be is named.
    """
    try:
        # O_NONBLOCK: a pipe put in its place would otherwise stop the start for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Misconfigured(
            f"The {what} file {path} is absent. Without it the database cannot be opened:"
            " restore it from where you keep it, or name its place in the settings."
        ) from None
    except OSError as error:
        raise _cannot("read", path, error, what) from None
    try:
        # Asked of the open file, so that it cannot be exchanged in between.
        found = os.fstat(fd).st_mode
        if not stat.S_ISREG(found):
            raise Misconfigured(f"The {what} {path} is not a regular file.")
        if found & _OTHERS:
            raise Misconfigured(
                f"The {what} file {path} can be used by others than its owner (mode"
                f" {stat.S_IMODE(found):04o}). Run: chmod 600 {path}"
            )
        return os.read(fd, most)
    except OSError as error:
        raise _cannot("read", path, error, what) from None
    finally:
        os.close(fd)


def parse_master_key(data: bytes) -> bytes | None:
    """Return the 32 bytes that a line stands for; None where it is no whole master key."""
    line = data.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
    body, check = line[:-6], line[-6:]
    if len(line) != _LINE_BYTES or not body.startswith(_MARK) or not line.isascii():
        return None
    number = from_base62(body.removeprefix(_MARK))
    if number is None or number.bit_length() > KEY_BYTES * 8 or check_digits(body) != check:
        return None
    return number.to_bytes(KEY_BYTES)


def _sync_directory(path: Path) -> None:
    # A file is durable only when its name is (fsync(2)).
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _cannot(do: str, path: Path, error: OSError, what: str = "master key") -> Misconfigured:
    return Misconfigured(f"Cannot {do} the {what} file {path}: {error.strerror}.")


def _bind(purpose: str, n: int) -> bytes:
    # The purpose's length comes first, so that no two pairs share one encoding.
    return f"keystead wrapped key 1:{len(purpose)}:{purpose}:{n}".encode()
