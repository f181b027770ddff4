"""Users and applications: who a credential belongs to, and how their fields are judged.

Pure. Rights and roles are policy's; log-in and groups join this room later.
"""

__all__ = ["owner"]
