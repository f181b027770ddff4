"""What can be asked about APIs and their catalogues: makers of `Call` for `Client.send`.

A catalogue is written as the API takes it: groups of resources with actions, each with its `key` and, for
people, a `label` and a `description`.

    groups = [{"key": "scans", "resources": [{"key": "scan", "actions": [{"key": "read"}]}]}]

What ends in `_from` takes all of an API's fields as one object, as a file beside the API's source has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from keystead_client._core.arguments import UNSET, Unset, path_of, query_of, set_fields
from keystead_client._core.calls import Answer, Call, nothing, one, page
from keystead_client._core.decoding import decode, parse
from keystead_client.records import API, APIChange, APISummary, Effect, Page

__all__ = [
    "create",
    "create_from",
    "delete",
    "edit",
    "edit_from",
    "find",
    "get",
    "preview_delete",
    "preview_edit",
    "preview_edit_from",
]


def create(  # noqa: PLR0913  # the fields of an API
    identifier: str,
    name: str,
    *,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    verifiers: Sequence[str] | Unset = UNSET,
    token_format: str | Unset = UNSET,
    algorithm: str | Unset = UNSET,
    token_seconds: int | Unset = UNSET,
    offline_networks: str | Unset = UNSET,
    groups: Sequence[Mapping[str, object]] | Unset = UNSET,
) -> Call[API]:
    """Register an API.

    Args:
        identifier: an absolute URI without a fragment; it never changes.
        name: as people call it.
        description: what it is for.
        owner_id: whose it is; unset means the caller's.
        verifiers: owners (`own_…`) besides its own whose credentials may verify tokens for it.
        token_format: `opaque`, or `jwt`.
        algorithm: for JWTs: `ES256`, `EdDSA` or `RS256`.
        token_seconds: how long access tokens for it live at most, 60 to 86,400.
        offline_networks: for JWTs: `accepted` if credentials bound to networks may be given one.
        groups: its catalogue.
    """
    body = set_fields(
        identifier=identifier,
        name=name,
        description=description,
        owner_id=owner_id,
        verifiers=verifiers,
        token_format=token_format,
        algorithm=algorithm,
        token_seconds=token_seconds,
        offline_networks=offline_networks,
        groups=groups,
    )
    return create_from(body)


def create_from(document: Mapping[str, object]) -> Call[API]:
    """Register an API from a document: the fields of `create`, `identifier` and `name` among them."""
    return Call("POST", "/apis", one(API), body=dict(document))


def find(
    *,
    q: str | None = None,
    owner_id: str | None = None,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[Page[APISummary]]:
    """List APIs by name; `q` is text that the name, the identifier or the description holds."""
    query = query_of(q=q, owner=owner_id, page_token=page_token, page_size=page_size)
    return Call("GET", "/apis", page(APISummary), query)


def get(api_id: str) -> Call[API]:
    """Ask for one API with its catalogue; `keystead` is Keystead's own."""
    return Call("GET", path_of("apis", api_id), one(API))


def edit(  # noqa: PLR0913  # the fields of an API that can change
    api_id: str,
    *,
    name: str | Unset = UNSET,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    verifiers: Sequence[str] | Unset = UNSET,
    token_format: str | Unset = UNSET,
    algorithm: str | Unset = UNSET,
    token_seconds: int | Unset = UNSET,
    offline_networks: str | Unset = UNSET,
    groups: Sequence[Mapping[str, object]] | Unset = UNSET,
    revision: int | Unset = UNSET,
) -> Call[APIChange]:
    """Change what is given and leave the rest; verifiers and groups are replaced whole.

    With `revision`, it is changed only if it still is as it was read.
    """
    body = set_fields(
        name=name,
        description=description,
        owner_id=owner_id,
        verifiers=verifiers,
        token_format=token_format,
        algorithm=algorithm,
        token_seconds=token_seconds,
        offline_networks=offline_networks,
        groups=groups,
        revision=revision,
    )
    return edit_from(api_id, body)


def edit_from(api_id: str, document: Mapping[str, object]) -> Call[APIChange]:
    """Change an API to what a document says: the fields of `edit`; those it lacks stay."""
    return Call("PATCH", path_of("apis", api_id), _change, body=dict(document))


def preview_edit(  # noqa: PLR0913  # the fields of an API that can change
    api_id: str,
    *,
    name: str | Unset = UNSET,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    verifiers: Sequence[str] | Unset = UNSET,
    token_format: str | Unset = UNSET,
    algorithm: str | Unset = UNSET,
    token_seconds: int | Unset = UNSET,
    offline_networks: str | Unset = UNSET,
    groups: Sequence[Mapping[str, object]] | Unset = UNSET,
    revision: int | Unset = UNSET,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[APIChange]:
    """Ask what an `edit` would make of an API, and for whom it would matter; nothing is changed."""
    body = set_fields(
        name=name,
        description=description,
        owner_id=owner_id,
        verifiers=verifiers,
        token_format=token_format,
        algorithm=algorithm,
        token_seconds=token_seconds,
        offline_networks=offline_networks,
        groups=groups,
        revision=revision,
    )
    return preview_edit_from(api_id, body, page_token=page_token, page_size=page_size)


def preview_edit_from(
    api_id: str,
    document: Mapping[str, object],
    *,
    page_token: str | None = None,
    page_size: int | None = None,
) -> Call[APIChange]:
    """Ask what an `edit_from` would do, as `preview_edit`."""
    query = query_of(dry_run="true", page_token=page_token, page_size=page_size)
    return replace(edit_from(api_id, document), query=query)


def delete(api_id: str) -> Call[None]:
    """Delete an API; access to it is access to nothing from now on."""
    return Call("DELETE", path_of("apis", api_id), nothing)


def preview_delete(
    api_id: str, *, page_token: str | None = None, page_size: int | None = None
) -> Call[Effect]:
    """Ask for whom it would matter if an API were deleted; nothing is changed."""
    query = query_of(dry_run="true", page_token=page_token, page_size=page_size)
    return Call("DELETE", path_of("apis", api_id), one(Effect), query)


@dataclass(frozen=True, slots=True)
class _Felt:
    effect: Effect


def _change(answer: Answer) -> APIChange:
    raw = parse(answer.body)
    return APIChange(api=decode(API, raw), effect=decode(_Felt, raw).effect, raw=raw)
