"""Finding a route: two look-ups in a dictionary, and what stands at the parameters' places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.api.routes import Route

    Methods = Mapping[str, Route]
    Parts = tuple[str, ...]

__all__ = ["RouteTable"]

_ID: Final = "{id}"
_REST: Final = "{path:path}"


class RouteTable:
    """The route table by path. A path is its parts: doubled and closing slashes mean nothing."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take in every route; of parameters there is one `{id}`, or a `{path:path}` at the end."""
        self._plain: dict[Parts, dict[str, Route]] = {}
        self._with_id: dict[int, dict[Parts, dict[str, Route]]] = {}
        self._open_ended: dict[Parts, dict[str, Route]] = {}
        for route in routes:
            parts = _parts(route.path)
            if _ID in parts:
                place = parts.index(_ID)
                shapes, key = self._with_id.setdefault(place, {}), _without(parts, place)
            elif _REST in parts:
                shapes, key = self._open_ended, parts[:-1]
            else:
                shapes, key = self._plain, parts
            shapes.setdefault(key, {})[route.method] = route

    def find(self, path: str) -> tuple[Methods, dict[str, str]] | None:
        """Return what a path takes, by method, and its parameters; None where there is nothing."""
        parts = _parts(path)
        if (found := self._plain.get(parts)) is not None:
            return found, {}
        for place, shapes in self._with_id.items():
            if place < len(parts) and (found := shapes.get(_without(parts, place))) is not None:
                return found, {"id": parts[place]}
        for stem, found in self._open_ended.items():
            if len(parts) > len(stem) and parts[: len(stem)] == stem:
                return found, {"path": "/".join(parts[len(stem) :])}
        return None


def _parts(path: str) -> Parts:
    return tuple([part for part in path.split("/") if part])


def _without(parts: Parts, place: int) -> Parts:
    # The place stays as an empty part, which no path has: its length tells shapes apart.
    return (*parts[:place], "", *parts[place + 1 :])
