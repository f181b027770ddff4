"""What the house uses of the outside world besides targets: mail, directories, DNS, web hooks.

Each module answers one port of ``ports`` over one protocol, and pins the addresses it talks to.
What is sent, and when, is not decided here.

Nothing stands here yet.
"""

__all__: list[str] = []
