"""Reading the catalogues that come with Keystead."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

__all__ = ["SAMPLES", "read_sample"]

SAMPLES: Final = ("keystead", "network", "scanner")


def read_sample(name: str) -> bytes:
    """Return a sample as JSON: what registers an API, but for its identifier and owner.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in SAMPLES:
        raise KeyError(name)
    return (files(__package__) / f"{name}.json").read_bytes()
