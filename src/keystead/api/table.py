"""Finding a route: two look-ups in a dictionary, and what stands at the parameters' places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.web.paths import segments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.api.routes import Route

    Methods = Mapping[str, Route]
    Segments = tuple[str, ...]

__all__ = ["RouteTable"]

_ID: Final = "{id}"
_REST: Final = "{path:path}"


class RouteTable:
    """The route table by path. A path is found as it is written, with its closing slash or without."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take in every route; of parameters there is one `{id}`, or a `{path:path}` at the end."""
        self._plain: dict[Segments, dict[str, Route]] = {}
        self._with_id: dict[int, dict[Segments, dict[str, Route]]] = {}
        self._open_ended: dict[Segments, dict[str, Route]] = {}
        for route in routes:
            parts = tuple(route.path[1:].split("/"))
            if _ID in parts:
                place = parts.index(_ID)
                shapes, key = self._with_id.setdefault(place, {}), _without(parts, place)
            elif _REST in parts:
                shapes, key = self._open_ended, parts[:-1]
            else:
                shapes, key = self._plain, parts
            shapes.setdefault(key, {})[route.method] = route

    def find(self, raw_path: bytes) -> tuple[Methods, dict[str, str]] | None:
        """Return what a path takes, by method, and its parameters; None where there is nothing.

        Args:
            raw_path: as it was sent, undecoded.
        """
        parts = segments_of(raw_path)
        if parts is None:
            return None
        if (found := self._plain.get(parts)) is not None:
            return found, {}
        if not parts[-1]:
            return None
        for place, shapes in self._with_id.items():
            if place < len(parts) and (found := shapes.get(_without(parts, place))) is not None:
                return found, {"id": parts[place]}
        for stem, found in self._open_ended.items():
            if len(parts) > len(stem) and parts[: len(stem)] == stem:
                return found, {"path": "/".join(parts[len(stem) :])}
        return None


def _without(parts: Segments, place: int) -> Segments:
    # The place stays as an empty segment, which no path has before its end: its length tells shapes apart.
    return (*parts[:place], "", *parts[place + 1 :])
