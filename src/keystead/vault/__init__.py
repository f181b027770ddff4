"""What is held: folders, the accounts in them, and the versions of their sealed fields.

Pure. Which right is needed is policy's; sealing is crypto's; check-outs and rotation join this room later.
"""

__all__ = ["account", "folder", "version"]
