"""The command line: what a person or a script can ask of Keystead.

    credentials/  `token`, `key`, `client`, `self`, `verify`, `summary`
    catalogue/    `api`
    vault/        `folder`, `account`, `get`
    audit/        `audit`
    house/        `init`, `join`, `serve`, `doctor`, `migrate-store`, `owner`, `group`, `settings`,
                  `signing-key`, `master-key`, `keyring`, `whoami`

What they share stands beside them: how a command is typed (`options`, `inputs`, `fields`, `files`), asks
(`connection`, `names`, `changes`, `listing`) and speaks (`output`, `failures`, `endings`). The rules of
speech are written in `output`, the exit codes in `failures`. `app` has the whole on one screen, and
reads a noun's commands when one of them is wanted.

Commands on a server go through `keystead_client` and know nothing of the house behind it. Commands on
a data directory (`init`, `join`, `migrate-store`, `serve`, `doctor`, `master-key rotate`,
`keyring list`, `keyring rotate`, `keyring reseal`, `audit verify`, `audit export`, `audit checkpoint`) call
`keystead.founding`, `installation`, `rotation` and `main`; this is the one room that may.
"""

__all__ = [
    "app",
    "audit",
    "catalogue",
    "changes",
    "connection",
    "credentials",
    "endings",
    "failures",
    "fields",
    "files",
    "house",
    "inputs",
    "listing",
    "names",
    "options",
    "output",
    "vault",
]
