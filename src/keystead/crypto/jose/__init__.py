"""Keys and signatures of JOSE: what others sign for us, and what we sign (RFC 7515, 7517, 7519)."""

__all__ = [
    "assertion",
    "public_keys",
    "signing",
    "strict",
]
