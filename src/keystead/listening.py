"""How a server listens, as its command was told, and what its processes are told of that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

__all__ = ["Listener", "Served"]

_TOLD: Final = "KEYSTEAD_WORKER"

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared, not bound
_USUAL_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Listener:
    """Where, by how many processes, and whether by TLS.

    Attributes:
        host: name or address.
        port: 0 means any free one.
        workers: processes that share the socket.
        tls_cert: PEM file of the certificate chain; None for plain HTTP.
        tls_key: PEM file of its key.
        insecure_http: plain HTTP is taken from beyond loopback, as the operator has spelled out.
    """

    host: str
    port: int
    workers: int = 1
    tls_cert: Path | None = None
    tls_key: Path | None = None
    insecure_http: bool = False

    @property
    def is_exposed(self) -> bool:
        """Whether plain HTTP comes from beyond loopback."""
        return self.insecure_http and self.tls_cert is None

    @property
    def url(self) -> str:
        """Its URL; one on every address is called by this machine's own name for itself."""
        scheme = "http" if self.tls_cert is None else "https"
        named = "localhost" if self.host in _EVERYWHERE else self.host.lower()
        bare = f"[{named}]" if ":" in named else named
        is_usual = self.port == _USUAL_PORTS[scheme]
        return f"{scheme}://{bare}" if is_usual else f"{scheme}://{bare}:{self.port}"


class Served(NamedTuple):
    """What a process that serves is told by the one that starts it, in its environment.

    Attributes:
        data: the data directory.
        server: the process id of whoever starts it.
        url: the listener's.
        is_exposed: see `Listener`.
    """

    data: str
    server: int
    url: str
    is_exposed: bool

    def tell(self, environment: MutableMapping[str, str]) -> None:
        """Put it where `read` finds it."""
        environment[_TOLD] = json.dumps(self._asdict())

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Served:
        """Return what was told."""
        return cls(**json.loads(environment[_TOLD]))
