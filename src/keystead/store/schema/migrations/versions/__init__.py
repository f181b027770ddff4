"""The revisions, in order."""

__all__: list[str] = []
