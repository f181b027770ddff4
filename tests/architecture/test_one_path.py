"""Who runs a transaction of the store: the gate, and what is named here with its reason. Fewer, if any."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "src" / "keystead"

ACTING = re.compile(r"store\.act\(")

WHO = {
    "gate/gate.py": "every operation, with its entry",
    "gate/telling.py": "the entries of refusals",
    "gate/acts/first_use.py": "ends older secrets at the first use of a newer one, and enters it",
    "gate/keys.py": "counts what the keys of the house have sealed",
    "gate/ended.py": "deletes what has ended by itself, which changes no right",
    "operations/resealing.py": "seals values with the newest key, which changes none; its end is entered",
}


def test_nobody_else_writes_past_the_gate() -> None:
    found = {
        str(path.relative_to(HOUSE))
        for path in HOUSE.rglob("*.py")
        if not path.is_relative_to(HOUSE / "store") and ACTING.search(path.read_text())
    }
    assert found == set(WHO)
