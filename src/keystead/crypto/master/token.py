"""A PKCS#11 token as where the master key comes from: a key that never leaves it wraps and unwraps.

The token's key is an AES key with a label. What it wrapped (RFC 3394) is kept in the database, as what a
passphrase is stretched with is. A token is asked once at the start of a process.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

from keystead.core.errors import Misconfigured
from keystead.core.secret import Secret
from keystead.crypto.master.key import KEY_BYTES, read_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pkcs11 import Attribute, Session

__all__ = ["TOKEN_MARK", "Token", "unwrap_by_token", "wrap_by_token"]

TOKEN_MARK: Final = "pkcs11$"  # noqa: S105  # how the line in the database begins

_SCHEME: Final = "pkcs11:"
_MOST_PIN: Final = 256
_KNOWN: Final = {"token", "object", "module-path", "pin-source"}


@dataclass(frozen=True, slots=True)
class Token:
    """A key in a token, by a PKCS #11 URI (RFC 7512).

    Attributes:
        uri: names `token`, `object` and `module-path`, and may name a `pin-source`.
        pin: the user's, if no file holds it.
    """

    uri: str
    pin: Secret | None

    def __str__(self) -> str:
        """Name it for an operator."""
        return f"the token of {self.uri}"


def wrap_by_token(token: Token, raw: bytes) -> str:
    """Have a token wrap a master key; return the line that is kept in the database.

    Raises:
        Misconfigured: it is not there, lets nobody in, or has no such key.
    """
    import pkcs11  # noqa: PLC0415  # an extra

    with _key_of(token) as (session, key):
        held = session.create_object({**_plain(), pkcs11.Attribute.VALUE: raw})
        wrapped = key.wrap_key(held, mechanism=pkcs11.Mechanism.AES_KEY_WRAP)
    return TOKEN_MARK + base64.urlsafe_b64encode(wrapped).decode()


def unwrap_by_token(token: Token, derivation: str) -> bytes:
    """Have a token unwrap the master key that such a line holds.

    Raises:
        Misconfigured: as of `wrap_by_token`, or another key has wrapped it.
    """
    import pkcs11  # noqa: PLC0415  # an extra

    if not derivation.startswith(TOKEN_MARK):
        raise Misconfigured(
            f"This installation's master key is not wrapped by a token, so {token} does not open it:"
            " give what it comes from."
        )
    with _key_of(token) as (_, key):
        try:
            wrapped = base64.urlsafe_b64decode(derivation.removeprefix(TOKEN_MARK))
            held = key.unwrap_key(
                pkcs11.ObjectClass.SECRET_KEY,
                pkcs11.KeyType.AES,
                wrapped,
                mechanism=pkcs11.Mechanism.AES_KEY_WRAP,
                template=_plain(),
            )
            raw = bytes(held[pkcs11.Attribute.VALUE])
        except (pkcs11.PKCS11Error, binascii.Error, ValueError):
            raw = b""
    if len(raw) != KEY_BYTES:
        raise Misconfigured(
            f"The key in {token} is another one than has wrapped this installation's master key, or what it"
            " wrapped was altered."
        )
    return raw


def _plain() -> dict[Attribute, Any]:
    """Return what an object is that exists for this session alone, and whose value is handed out."""
    from pkcs11 import Attribute, KeyType, ObjectClass  # noqa: PLC0415  # an extra

    return {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.TOKEN: False,
        Attribute.SENSITIVE: False,
        Attribute.EXTRACTABLE: True,
    }


@contextmanager
def _key_of(token: Token) -> Iterator[tuple[Session, Any]]:
    try:
        import pkcs11  # noqa: PLC0415  # an extra
    except ImportError:
        raise Misconfigured(
            "A master key in a PKCS#11 token needs the extra pkcs11: pip install 'keystead[pkcs11]'."
        ) from None
    named = _parts(token.uri)
    pin = _pin_of(token, named)
    try:
        found = pkcs11.lib(named["module-path"]).get_token(token_label=named["token"])
        with found.open(user_pin=pin) as session:
            kind = pkcs11.ObjectClass.SECRET_KEY
            yield session, session.get_key(object_class=kind, label=named["object"])
    except pkcs11.PKCS11Error as error:
        # Its name says which: PinIncorrect, NoSuchToken, NoSuchKey and the like; its text is none of ours.
        raise Misconfigured(f"{token} cannot be used: {type(error).__name__}.") from None


def _parts(uri: str) -> dict[str, str]:
    path, _, query = uri.removeprefix(_SCHEME).partition("?")
    named = {
        name: unquote(value)
        for name, _, value in (part.partition("=") for part in path.split(";") if part)
    }
    named |= dict(parse_qsl(query, keep_blank_values=True))
    if (
        not uri.startswith(_SCHEME)
        or not named.keys() <= _KNOWN
        or not {"token", "object", "module-path"} <= named.keys()
    ):
        raise Misconfigured(
            "master_pkcs11 must be a URI such as"
            " pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so, with"
            " pin-source=FILE if the PIN is not in KEYSTEAD_MASTER_PIN; it takes nothing else, and no PIN."
        )
    return named


def _pin_of(token: Token, named: dict[str, str]) -> str:
    if ("pin-source" in named) == (token.pin is not None):
        raise Misconfigured(
            "Give the token's PIN in one way: KEYSTEAD_MASTER_PIN, or pin-source=FILE in master_pkcs11."
        )
    if token.pin is not None:
        return token.pin.reveal()
    path = Path(named["pin-source"].removeprefix("file:"))
    return read_private_file(path, _MOST_PIN, "PIN").decode("utf-8", "replace").rstrip("\r\n")
