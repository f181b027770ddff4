"""What every room may lean on: ids, time, secrets that do not print, who acts, what arrived, errors.

This room owns no rule about credentials or rights and does no input or output. It knows no HTTP status:
errors carry a stable code, and the doors translate it (see `keystead.web.refusals`).
"""

__all__ = ["actor", "arrival", "clock", "errors", "ids", "names", "secret"]
