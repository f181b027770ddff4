"""Credentials by the native API: `bodies` are sent, `wishes` are what stands in them, `answers` go back.

`ends` reads an end, which is an instant or a period; `naming` names what is wrong as it was sent. `handlers`
decode, ask the gate and answer, and so do `imports`, where tokens of another system are taken over, and
`usage`, of how often one was used; rules about credentials are in the room of that noun.
"""

__all__ = ["answers", "bodies", "ends", "handlers", "imports", "naming", "usage", "wishes"]
