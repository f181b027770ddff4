"""`keystead folder | account | get`: the vault, its accounts and their values."""

__all__ = ["accounts", "folders", "get", "secrets"]
