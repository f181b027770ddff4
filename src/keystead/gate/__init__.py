"""The one path that every request walks: who → bounds → may → do → tell (Law 2).

`operation` declares what can be asked; `gate` walks the steps; `schemes` recognises who asks; `freshness`
remembers what recognition read and drops it when it changes; `throttle` bounds what strangers can cost.
A door cannot forget a step, because it does not contain one.
"""

__all__ = ["act", "caller", "freshness", "gate", "operation", "schemes", "throttle", "usage"]
