"""Verbs of OAuth: asking for an access token, asking about one, giving one back (docs/guide/oauth.md)."""

__all__ = ["introspection", "issuing", "naming", "revocation"]
