"""Users and applications: who a credential belongs to, what groups they form, and how the fields are judged.

Pure. Rights and roles are policy's; log-in joins this room later.
"""

__all__ = ["group", "owner"]
