"""`keystead init | serve | doctor | owner | group | audit | whoami`: a house, its owners, its audit."""

__all__ = ["audit", "groups", "installation", "owners", "passwords", "whoami"]
