"""Extensions: what the Extensions screen does, for programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.mirror.endpoint import Status
from pbxbridge.services.extension_input import WITHOUT, ExtensionInput, parse_extension
from pbxbridge.services.extension_list import ExtensionFilter
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.parsing import parse
from pbxbridge.services.usages import InUse
from web.api.answers import (
    Extension,
    ExtensionCreated,
    ExtensionList,
    ExtensionsChanged,
    ExtensionWithState,
    answer,
    paged,
    state_of,
)
from web.api.bodies import UNKNOWN, Body
from web.api.operation import PREFIX, Call
from web.api.preconditions import check_if_match, has_already, not_modified, quoted, stale
from web.api.queries import DeleteQuery, ExtensionQuery, ExtensionsQuery, NoQuery

MOST_AT_ONCE = 500

WHOLE = Body(ExtensionInput)
PATCH = Body(ExtensionInput, is_patch=True)


class BulkChange(BaseModel):
    """The same changes to up to 500 extensions; `changes` is a merge patch without `number`."""

    model_config = ConfigDict(extra="forbid")

    numbers: list[str]
    changes: dict[str, Any]


BULK = Body(BulkChange)


async def list_extensions(call: Call[ExtensionsQuery]) -> web.Response:
    """Answer one page of the list."""
    query = call.query
    wanted = ExtensionFilter(
        search=query.search,
        device_type=query.device_type or "",
        class_of_service=query.class_of_service,
        user=query.user,
        among=None if query.state is None else await _in_state(call, query.state),
        sort=query.sort,
        descending=query.descending,
    )
    found = await call.portal.extensions.page(wanted, query.page, query.per_page)
    # The service shows the last page to whoever asks beyond it; a program would never see the end.
    views = found.items if found.page == query.page else []
    return paged(
        call.request,
        ExtensionList(
            items=[_with_state(call, view, query.include) for view in views],
            total=found.total,
            page=query.page,
            per_page=query.per_page,
            pages=found.pages,
        ),
        query,
    )


async def create_extension(call: Call[NoQuery]) -> web.Response:
    """Create an extension; its secret is shown this once."""
    wanted = parse_extension(call.body)
    view, secret = await call.portal.extensions.create(call.actor, wanted)
    created = ExtensionCreated(
        **_shown(view).model_dump(),
        secret=secret if has_secret(view) else None,
    )
    headers = {"Location": f"{PREFIX}/extensions/{view.number}", "ETag": _tag(view)}
    return answer(created, 201, headers)


async def change_extensions(call: Call[NoQuery]) -> web.Response:
    """Make the same changes to several extensions, all or none."""
    wanted = parse(BulkChange, call.body)
    if not 1 <= len(wanted.numbers) <= MOST_AT_ONCE:
        raise Invalid({"numbers": f"Give 1 to {MOST_AT_ONCE} numbers."})
    if "number" in wanted.changes:
        raise Invalid({"number": UNKNOWN})
    changes = PATCH.changes(wanted.changes)
    try:
        views = await call.portal.extensions.update_many(call.actor, wanted.numbers, changes)
    except NotFound as unknown:
        raise Invalid({"numbers": str(unknown)}) from unknown
    return answer(ExtensionsChanged(items=[_shown(view) for view in views]))


async def read_extension(call: Call[ExtensionQuery]) -> web.Response:
    """Answer one extension."""
    view = await call.portal.extensions.get(call.named("number"))
    if call.query.include:
        # Its state changes while its version stays, so the version does not tell it apart.
        return answer(_with_state(call, view, call.query.include))
    if has_already(call.request, view.version):
        return not_modified(view.version)
    return _answered(view)


async def replace_extension(call: Call[NoQuery]) -> web.Response:
    """Save an extension as a whole: what is not sent goes back to its default."""
    wanted = parse_extension(call.body)
    return _answered(await _saved(call, wanted.model_dump()))


async def change_extension(call: Call[NoQuery]) -> web.Response:
    """Save the fields that are sent; the others stay."""
    return _answered(await _saved(call, call.body))


async def delete_extension(call: Call[DeleteQuery]) -> web.Response:
    """Delete an extension, if all that still uses it is known of."""
    number, extensions = call.named("number"), call.portal.extensions
    present = (await extensions.get(number)).version
    version = present if check_if_match(call.request, present) else None
    try:
        await extensions.delete(call.actor, number, call.query.confirm, version=version)
    except InUse:
        raise
    except Conflict as changed:
        raise stale() from changed
    return web.Response(status=204)


async def read_state(call: Call[NoQuery]) -> web.Response:
    """Answer what Asterisk says of the device now."""
    view = await call.portal.extensions.get(call.named("number"))
    return answer(state_of(view, call.portal.board))


def has_secret(view: ExtensionView) -> bool:
    """Whether devices of this extension's type log in with a secret."""
    return "secret" not in WITHOUT[view.device_type]


async def _saved(call: Call[NoQuery], changes: Mapping[str, object]) -> ExtensionView:
    number, extensions = call.named("number"), call.portal.extensions
    present = await extensions.get(number)
    version = present.version if check_if_match(call.request, present.version) else None
    try:
        return await extensions.update(call.actor, number, changes, version=version)
    except Conflict as conflict:
        if version is None:
            raise
        raise stale() from conflict  # somebody else's change came between the two lines above


async def _in_state(call: Call[ExtensionsQuery], status: Status) -> Collection[str]:
    board = call.portal.board
    numbers = await call.portal.extensions.monitored()
    return {number for number in numbers if board.state_of(number).status is status}


def _with_state(call: Call[Any], view: ExtensionView, include: str | None) -> ExtensionWithState:
    shown = ExtensionWithState.model_validate(view)
    if not include:
        return shown
    return shown.model_copy(update={"state": state_of(view, call.portal.board)})


def _shown(view: ExtensionView) -> Extension:
    return Extension.model_validate(view)


def _answered(view: ExtensionView) -> web.Response:
    return answer(_shown(view), headers={"ETag": _tag(view)})


def _tag(view: ExtensionView) -> str:
    return quoted(view.version)
