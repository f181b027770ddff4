"""Keystead: one server that gives programs their credentials and keeps them under control.

The house, outermost room first. Imports only go down the stairs; rooms on one line do not know
each other::

                       cli                      outermost door
         main.py  |  master_rotation.py         a directory served by processes; its master key rotated
                   rotation.py                  the keys that it wraps, rotated
 serving.py | founding.py | installation.py     one process's doors; a data directory made, and asked
                     house.py                   one process's store, gate and upkeep, wired
                    upkeep.py                   what the house does by itself
        settings.py  |  listening.py            one frozen Settings, read once; how a server listens
                settings_file.py                keystead.toml, read and written
                      front                     the listener: processes, TLS, bounds of a connection
          api   |   faces   |   console         doors for clients: JSON, foreign dialects, HTML
     web   |  store  |  targets  |  services    what doors share, SQL, rotators, outside services
                    operations                  what can be asked of the house: verbs
                       gate                     the one path: who, bounds, may, do, tell
                      ports                     what the house asks of the outside: Protocols
     credentials | owners | vault | audit       the nouns: pure, no I/O, siblings that never meet
                      policy                    permissions, scopes, restrictions, decide()
                      crypto                    keyring, envelope, digest, token format
                       core                     ids, clock, secret, actor, arrival, errors

HTTP, SQL and remote targets are all doors; the middle knows none of them. A reader who knows a
noun knows its place: ``credentials``, a file or a folder, in ``api``, ``operations``, ``ports`` and
``store/rows`` is one subject.
The contracts in ``pyproject.toml`` keep this drawing true.
"""

__all__: list[str] = []
