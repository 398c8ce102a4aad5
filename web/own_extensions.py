"""The extensions of the person who asks; another's is not there for them, whatever their role."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import NotFound
from pbxbridge.services.extension_view import ExtensionView
from web.portal import SESSION, portal_of


async def own_extensions(request: web.Request) -> list[ExtensionView]:
    """Return the extensions that this person is associated with."""
    return await portal_of(request).extensions.owned_by(request[SESSION].login)


async def own_extension(request: web.Request) -> ExtensionView:
    """Return the one that the address names by ``number``. Raises NotFound."""
    number = request.match_info["number"]
    for extension in await own_extensions(request):
        if extension.number == number:
            return extension
    raise NotFound("You have no such extension.")


async def own_mailbox(request: web.Request) -> ExtensionView:
    """Return the same if it has voicemail. Raises NotFound."""
    extension = await own_extension(request)
    if not extension.voicemail:
        raise NotFound("This extension has no voicemail.")
    return extension
