"""The audit: what an event is, the bytes it becomes, and the chain that shows every edit.

This room is pure: it neither stores nor sends. The gate makes events, the store keeps entries and the
signed head in the transaction of the act, and `verification` reads them back, in the server and in
`keystead audit verify` alike. Each node has a chain of its own; `joins` ties them together, `pages`
reads them as one, and `cuts` is what retention does to them.

How an entry passes: `event.Event` → `entry.encode_entry` → `chain.follow` → `AuditKey.sign`.
"""

__all__ = [
    "chain",
    "cuts",
    "entry",
    "errors",
    "event",
    "export",
    "findings",
    "joins",
    "pages",
    "verification",
    "verifier",
]
