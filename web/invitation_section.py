"""What the tools of an extension show of its invitation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbxbridge.services.extension_view import ExtensionView
from web.portal import portal_of


async def invitation_section(request: web.Request, view: ExtensionView) -> Mapping[str, Any]:
    """Read what the section of the tools shows."""
    portal = portal_of(request)
    invitation = await portal.invitations.newest(view.number)
    return {
        # To who has another phone, an invitation would only break it.
        "is_shown": invitation is not None
        or portal.desk_phones.makes.is_softphone(view.phone_make),
        "why_not": portal.invitations.why_not(view),
        "invitation": invitation,
    }
