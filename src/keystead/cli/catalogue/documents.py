"""Where a catalogue comes from: a file with JSON, standard input, or a sample.

Its form is that of a request's body, so that one file can be kept beside the API's own source, be
registered and, when the API has changed, be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from keystead.cli.failures import Misuse
from keystead.cli.files import object_in, read_object
from keystead.policy.samples.reading import SAMPLES, read_sample
from keystead_client.records import API

__all__ = ["document_of", "read_document"]

_KEPT: Final = (
    "name", "description", "verifiers", "token_format", "algorithm", "token_seconds",
    "offline_networks",
)  # fmt: skip


def read_document(file: str | None, sample: str | None) -> dict[str, object]:
    """Return the fields that a file or a sample gives; none where neither is named.

    Raises:
        Misuse: both are named, the file cannot be read or holds no JSON object, or there is no such sample.
    """
    if file is not None and sample is not None:
        raise Misuse("--file and --sample exclude each other")
    if sample is not None:
        try:
            return object_in(read_sample(sample), sample)
        except KeyError:
            raise Misuse(f"there is no sample '{sample}': {', '.join(SAMPLES)}") from None
    if file is None:
        return {}
    return read_object(file)


def document_of(api: API) -> dict[str, object]:
    """Return an API as a file has it: what can be changed, without what follows from that."""
    found: dict[str, object] = {
        name: api.raw[name] for name in _KEPT if api.raw.get(name) not in (None, "", [])
    }
    return {**found, "groups": [_words(group, "resources") for group in _parts(api.raw, "groups")]}


def _words(part: Mapping[str, Any], inside: str) -> dict[str, object]:
    found = {name: part[name] for name in ("key", "label", "description") if part.get(name)}
    if inside == "resources":
        found["resources"] = [_words(each, "actions") for each in _parts(part, "resources")]
    elif inside == "actions":
        found["actions"] = [_words(each, "") for each in _parts(part, "actions")]
    return found


def _parts(whole: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [*whole.get(name, ())]
