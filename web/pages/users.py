"""The Users screen: the list, and the row editor that opens in it.

Every address answers a whole page to a plain browser and the part that changes to htmx.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.services.parsing import parse
from pbxbridge.services.people import Role
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import UserView
from web.access import allow
from web.notices import emptied, notice_of, notify
from web.portal import actor_of, portal_of
from web.render import fragment, html, page, part_or_page
from web.requests import page_of, read_form, search_of, version_of, wants_fragment
from web.role_words import ROLES

LIST = "/users"
ONE_ROW = "users/one_row.html"
CHANGEABLE = ("name", "email", "role", "extensions")
NEW_USER = {"login": "", "name": "", "email": "", "role": Role.USER, "extensions": ""}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{login:[^/]+}}"
    return [
        web.get(LIST, show_list),
        web.post(LIST, create),
        web.get(f"{LIST}/new", show_new),
        web.post(one, update),
        web.get(f"{one}/row", show_row),
        web.get(f"{one}/edit", show_editor),
        web.get(f"{one}/delete", ask_delete),
        web.post(f"{one}/delete", delete),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the list, searched by ``search``."""
    search = search_of(request)
    found = await portal_of(request).users.page(search, page_of(request))
    return await page(
        request, "users/list.html", found=found, search=search, notice=notice_of(request)
    )


@allow(Role.ADMIN)
async def show_row(request: web.Request) -> web.StreamResponse:
    """Show one row as the list has it: what Cancel and Done put back."""
    user = await portal_of(request).users.get(request.match_info["login"])
    if not wants_fragment(request):
        raise web.HTTPSeeOther(in_list(user.login))
    return html(fragment(request, "users/row.html", user=user))


@allow(Role.ADMIN)
async def show_new(request: web.Request) -> web.StreamResponse:
    """Open the editor of a new user."""
    return await editor(request, None)


@allow(Role.ADMIN)
async def show_editor(request: web.Request) -> web.StreamResponse:
    """Open the editor of one user."""
    return await editor(request, await portal_of(request).users.get(request.match_info["login"]))


@allow(Role.ADMIN)
async def create(request: web.Request) -> web.StreamResponse:
    """Create a user, and show the one-time password to hand over."""
    form = await read_form(request)
    wanted = {"login": form.get("login", ""), **_changes(form)}
    try:
        user, password = await portal_of(request).users.create(
            actor_of(request), parse(UserInput, wanted)
        )
    except Invalid as invalid:
        return await editor(request, None, form, invalid.fields)
    response = await part_or_page(
        request, "users/created.html", ONE_ROW, title="New user", user=user, password=password
    )
    notify(response, "user-created")
    return response


@allow(Role.ADMIN)
async def update(request: web.Request) -> web.StreamResponse:
    """Save a user; what somebody else saved since the editor was opened is not written over."""
    users, login = portal_of(request).users, request.match_info["login"]
    form = await read_form(request)
    try:
        user = await users.update(
            actor_of(request), login, _changes(form), version=version_of(form.get("version", ""))
        )
    except Invalid as invalid:
        return await editor(request, await users.get(login), form, invalid.fields)
    except Conflict as stale:
        sentence = f"{stale} The row shows what is saved now; your entries are kept below."
        return await editor(request, await users.get(login), form, {"": sentence})
    if not wants_fragment(request):
        raise web.HTTPSeeOther(in_list(user.login, "saved"))
    response = html(fragment(request, "users/row.html", user=user))
    notify(response, "saved")
    return response


@allow(Role.ADMIN)
async def ask_delete(request: web.Request) -> web.StreamResponse:
    """Ask, and say what will be lost."""
    user = await portal_of(request).users.get(request.match_info["login"])
    return await part_or_page(
        request, "users/delete.html", "question.html", title="Delete", user=user
    )


@allow(Role.ADMIN)
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete a user."""
    await portal_of(request).users.delete(actor_of(request), request.match_info["login"])
    return emptied(request, LIST, "user-deleted")


async def editor(
    request: web.Request,
    user: UserView | None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> web.Response:
    """Return the editor of a user, or of a new one, with what was typed rather than what is saved.

    It carries the present version: who saves again after a warning means it.
    """
    return await part_or_page(
        request,
        "users/editor.html",
        ONE_ROW,
        title=f"User {user.login}" if user else "New user",
        status=422 if errors else 200,
        user=user,
        values=_values(user) | dict(typed or {}),
        errors=errors or {},
        roles=ROLES,
    )


def in_list(login: str, notice: str = "") -> str:
    """Return the address of the list with this user in it."""
    query = {"search": login} | ({"notice": notice} if notice else {})
    return f"{LIST}?{urlencode(query)}"


def _values(user: UserView | None) -> dict[str, Any]:
    if user is None:
        return dict(NEW_USER)
    return {
        "login": user.login,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "extensions": ", ".join(user.extensions),
    }


def _changes(form: Mapping[str, str]) -> dict[str, object]:
    changes: dict[str, object] = {name: form[name] for name in CHANGEABLE if name in form}
    if "extensions" in form:
        changes["extensions"] = [part for part in re.split(r"[\s,;]+", form["extensions"]) if part]
    return changes
