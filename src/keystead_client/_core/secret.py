"""A string that does not print itself."""

from __future__ import annotations

from typing import ClassVar, NoReturn, SupportsIndex

__all__ = ["Secret"]


class Secret:
    """A value that must not reach a log, an error or a traceback by accident.

    It compares in constant time, can be neither formatted nor hashed nor pickled, and gives its
    text only to `reveal()`: call that where the value is used, not where it is fetched.
    """

    # A hash would let it lie in dictionaries and caches.
    __hash__: ClassVar[None]  # type: ignore[assignment]
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: str = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # noqa: PLC0415  # loads OpenSSL, which `import keystead_client` need not do

        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        # An f-string around a password is nearly always a log line, or a URL that is logged.
        raise TypeError("a Secret cannot be formatted; call reveal() where the value is used")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")

    def __getstate__(self) -> NoReturn:
        # Serialisers that do without pickle ask for this.
        raise TypeError("a Secret cannot be pickled or copied")


def _bytes(secret: Secret) -> bytes:
    # JSON can hold half of a surrogate pair, and a comparison must not fail on it.
    return secret.reveal().encode("utf-8", "surrogatepass")
