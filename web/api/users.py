"""The people of the portal."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from aiohttp import web

from pbxbridge.errors import Conflict
from pbxbridge.services.parsing import parse
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import UserView
from web.api.answers import User, UserCreated, UserList, answer, paged
from web.api.bodies import Body
from web.api.operation import PREFIX, Call
from web.api.preconditions import check_if_match, has_already, not_modified, quoted, stale
from web.api.queries import NoQuery, UsersQuery

WHOLE = Body(UserInput)
PATCH = Body(UserInput, is_patch=True)


async def list_users(call: Call[UsersQuery]) -> web.Response:
    """Answer one page of the list, by login name."""
    query = call.query
    found = await call.portal.users.page(query.search, query.page, query.per_page)
    views = found.items if found.page == query.page else []
    return paged(
        call.request,
        UserList(
            items=[_shown(view) for view in views],
            total=found.total,
            page=query.page,
            per_page=query.per_page,
            pages=found.pages,
        ),
        query,
    )


async def create_user(call: Call[NoQuery]) -> web.Response:
    """Create a user; their one-time password is shown this once."""
    view, password = await call.portal.users.create(call.actor, parse(UserInput, call.body))
    address = f"{PREFIX}/users/{quote(view.login, safe='')}"
    headers = {"Location": address, "ETag": quoted(_tag(view))}
    created = UserCreated(**_shown(view).model_dump(), password=password)
    return answer(created, 201, headers)


async def read_user(call: Call[NoQuery]) -> web.Response:
    """Answer one user."""
    view = await call.portal.users.get(call.named("login"))
    if has_already(call.request, _tag(view)):
        return not_modified(_tag(view))
    return _answered(view)


async def change_user(call: Call[NoQuery]) -> web.Response:
    """Save the fields that are sent; the others stay."""
    login, users = call.named("login"), call.portal.users
    present = await users.get(login)
    version = present.version if check_if_match(call.request, _tag(present)) else None
    try:
        return _answered(await users.update(call.actor, login, call.body, version=version))
    except Conflict as conflict:
        if version is None:
            raise
        raise stale() from conflict


async def delete_user(call: Call[NoQuery]) -> web.Response:
    """Delete a user; their extensions stay."""
    login, users = call.named("login"), call.portal.users
    check_if_match(call.request, _tag(await users.get(login)))
    await users.delete(call.actor, login)
    return web.Response(status=204)


def _tag(view: UserView) -> str:
    """Return the entity tag.

    Not the version: what others change, such as the extensions and the second factor, is shown
    too.
    """
    return hashlib.sha256(_shown(view).model_dump_json().encode()).hexdigest()[:16]


def _shown(view: UserView) -> User:
    return User.model_validate(view)


def _answered(view: UserView) -> web.Response:
    return answer(_shown(view), headers={"ETag": quoted(_tag(view))})
