"""The command line: what a person or a script can ask of Keystead, one file a noun.

Commands on a server (`token`, `folder`, `account`, `get`, `owner`, `audit list`, `whoami`) go through
`keystead_client` and know nothing of the house behind it. Commands on a data directory (`init`, `serve`,
`doctor`, `audit verify`, `audit export`) call `keystead.main`; this is the one room that may.

How it speaks, and what its exit codes mean, is written in `output` and `failures`.
"""

__all__ = ["app"]
