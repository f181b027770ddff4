"""Whether the schema is one that this version serves, or brings to where it serves it."""

from __future__ import annotations

from keystead.core.errors import Misconfigured
from keystead.store.schema.revisions import HEAD, require_known

__all__ = ["require_schema"]


def require_schema(revision: str | None, missing: str) -> str:
    """Return which revision the schema is at.

    Args:
        revision: the database's; None where it has none.
        missing: what there is none of then.

    Raises:
        Misconfigured: it has none, or a newer Keystead wrote it.
    """
    if revision is None:
        raise Misconfigured(f"there is no {missing}; run keystead init.")
    require_known(revision)
    if revision == HEAD:
        return f"revision {revision}, up to date"
    return f"revision {revision}; the next start brings it to {HEAD}"
