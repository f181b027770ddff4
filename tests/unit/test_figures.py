"""What trials measured is written whole, each in its own section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.figures import Figures, merged

if TYPE_CHECKING:
    from pathlib import Path


def test_a_section_is_put_in_and_put_in_the_place_of_its_former_one() -> None:
    first = merged("", "kills", "50 of them")
    both = merged(first, "cuts", "3 of them")
    assert both.index("## cuts\n\n3 of them\n") < both.index("## kills\n\n50 of them\n")
    again = merged(both, "kills", "60 of them")
    assert "50 of them" not in again
    assert merged(again, "kills", "50 of them") == both


def test_a_report_names_what_was_found_the_machine_and_the_seconds(tmp_path: Path) -> None:
    file = tmp_path / "told"
    Figures(file).write("kills", answered_acts=f"{1234:,}")
    told = file.read_text()
    for part in ("## kills", "| answered acts | 1,234 |", "| seconds in all | 0 |", "Python 3"):
        assert part in told
    assert list(tmp_path.iterdir()) == [file]
