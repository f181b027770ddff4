"""Verbs about the organisation's settings. Rows S12, C7, C12, C13."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from keystead.core.errors import Invalid
from keystead.gate.acts.operation import Told, operation
from keystead.policy.organisation import Organisation
from keystead.policy.permissions import Permission

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act

__all__ = ["SETTINGS", "edit_settings", "read_settings"]

SETTINGS: Final = tuple(field.name for field in fields(Organisation))
"""Their names."""


@operation("settings.read", needs=Permission.SETTINGS_READ, told=Told.COUNTED)
async def read_settings(act: Act) -> Organisation:
    """Read the settings."""
    return await act.tx.settings.organisation()


@operation("settings.edit", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED)
async def edit_settings(act: Act, wanted: Mapping[str, Any]) -> Organisation:
    """Change settings; what is made or changed from now on is judged by them.

    Args:
        act: the act.
        wanted: by name, of `SETTINGS`.

    Raises:
        Invalid: a number is out of its bounds.
    """
    before = await act.tx.settings.organisation()
    after = replace(before, **wanted)
    if wrong := tuple(after.wrong_numbers()):
        raise Invalid.of(*wrong)
    changed = [name for name in SETTINGS if getattr(before, name) != getattr(after, name)]
    act.about("settings", "", "organisation", changed=",".join(changed))
    await act.tx.settings.save(before, after, act.caller.owner_id, act.at)
    return after
