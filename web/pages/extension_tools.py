"""The tools of an extension: a dialog of sections, one for each kind of thing to do with its phone.

A section is a function that reads what its template (``extensions/tools_<name>.html``) shows. Its
own module has the routes of its buttons; each answers with the whole dialog again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.people import Role
from web.access import allow
from web.desk_phone import phone_section
from web.invitation_section import invitation_section
from web.pages.extension_query import LIST
from web.phone_calls import calls_section
from web.portal import portal_of
from web.render import part_or_page

Section = Callable[[web.Request, ExtensionView], Awaitable[Mapping[str, Any]]]

# By the name of the section's template; its context goes by the same name.
SECTIONS: Mapping[str, Section] = {
    "calls": calls_section,
    "invitation": invitation_section,
    "phone": phone_section,
}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [web.get(f"{LIST}/{{number:[0-9a-z]+}}/tools", show)]


@allow(Role.ADMIN)
async def show(request: web.Request) -> web.StreamResponse:
    """Show what can be done with the phone of an extension."""
    return await tools(request, request.match_info["number"])


async def tools(
    request: web.Request, number: str, *, done: str = "", error: str = "", status: int = 200
) -> web.Response:
    """Return the dialog; ``done`` is a sentence on what was done, ``error`` on why it was not.

    Raises NotFound.
    """
    view = await portal_of(request).extensions.get(number)
    sections = {name: await read(request, view) for name, read in SECTIONS.items()}
    return await part_or_page(
        request,
        "extensions/tools.html",
        "question.html",
        title=f"Extension {number}",
        status=status,
        extension=view,
        sections=sections,
        done=done,
        error=error,
    )
