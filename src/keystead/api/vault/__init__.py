"""The vault by the native API: `folders` and their grants, `accounts` without values, `secrets` with them."""

__all__ = ["accounts", "folders", "secrets"]
