"""Whether the folders are one tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.core.errors import Misconfigured
from keystead.vault.folder import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["KEPT_FOLDERS", "require_tree"]

KEPT_FOLDERS: Final = "SELECT id, parent_id FROM folders WHERE deleted_at IS NULL"


def require_tree(rows: Iterable[Any]) -> str:
    """Return how many folders there are, each of which hangs from the top.

    Args:
        rows: each folder's id and its parent's, None at the top.

    Raises:
        Misconfigured: one hangs from itself, from nothing, or too deep; the sentence names it.
    """
    parents: dict[str, str | None] = {row[0]: row[1] for row in rows}
    lost = [folder for folder in parents if not _reaches_the_top(folder, parents)]
    if lost:
        raise Misconfigured(
            f"{len(lost)} folders hang from no top, {lost[0]} among them: the tree is damaged; "
            "restore a backup."
        )
    return f"{len(parents)} folders, each under the top"


def _reaches_the_top(folder: str, parents: dict[str, str | None]) -> bool:
    here: str | None = folder
    for _ in range(MAX_DEPTH + 1):
        if here is None:
            return True
        if here not in parents:
            return False
        here = parents[here]
    return False
