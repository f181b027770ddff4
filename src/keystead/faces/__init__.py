"""Doors that speak other products' dialects, one module a dialect.

A face translates: a foreign request into an arrival and an operation, the outcome into the foreign
answer. It owns no rule and no state, and knows neither ``api`` nor ``console``.

Nothing stands here yet.
"""

__all__: list[str] = []
