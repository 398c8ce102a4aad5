"""A desk phone in a dialog of its own, and in the tools of an extension: what both do and show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbxbridge.errors import AsteriskUnavailable, Conflict, Invalid, NotFound
from pbxbridge.phones.makes import Makes
from pbxbridge.services.desk_phones.addresses import NewAddress
from pbxbridge.services.extension_input import SIP_TYPES
from pbxbridge.services.extension_view import ExtensionView
from web.portal import actor_of, portal_of

RESYNCED = "The phone was told to fetch its configuration."
REMOVED = "The phone's address is removed."
# The address that this very request made: it is shown in the answer, and never again.
MADE = web.RequestKey("made_address", NewAddress)


def offered_makes(makes: Makes, present: str) -> Mapping[str, str]:
    """Return the makes to choose from and their words; the present one may be any text."""
    names = [make.name for make in makes]
    others = [present] if present and present not in names else []
    return {"": "Not chosen", **{name: name for name in [*names, *others]}}


def models_of(makes: Makes, name: str = "") -> list[str]:
    """Return the models of a make; those of all makes if it is none of the list."""
    make = makes.find(name)
    return [model for each in ([make] if make else makes) for model in each.models]


def appended_files(makes: Makes, made: NewAddress | None) -> list[str]:
    """Return the files whose names the phone appends to its address: none if that names one."""
    make = makes.find(made.make) if made else None
    if made is None or make is None:
        return []
    names = [file.name_for(made.mac) for file in make.files]
    return [] if any(name in made.entered for name in names) else names


async def phone_section(request: web.Request, view: ExtensionView) -> Mapping[str, Any]:
    """Read what the section on the desk phone shows: nothing for an extension that has none."""
    if not view.mac or view.device_type not in SIP_TYPES:
        return {"phone": None, "made": None, "appended": []}
    phones, made = portal_of(request).desk_phones, request.get(MADE)
    phone = await phones.get(view.mac)
    return {"phone": phone, "made": made, "appended": appended_files(phones.makes, made)}


async def try_new_address(request: web.Request, mac: str) -> tuple[NewAddress | None, str, int]:
    """Give a phone a new address; return it, or why there is none, and the answer's status."""
    try:
        made = await portal_of(request).desk_phones.new_address(actor_of(request), mac)
    except Invalid as invalid:
        return None, " ".join(invalid.fields.values()), 422
    return made, "", 200


async def try_removal(request: web.Request, mac: str) -> tuple[str, str, int]:
    """Take a phone's address back; return what was done, or why not, and the answer's status."""
    try:
        await portal_of(request).desk_phones.revoke_address(actor_of(request), mac)
    except NotFound as why:
        return "", str(why), 404
    return REMOVED, "", 200


async def try_resync(request: web.Request, mac: str) -> tuple[str, str, int]:
    """Have a phone fetch its file; return what was done, or why not, and the answer's status."""
    try:
        await portal_of(request).desk_phones.resync(actor_of(request), mac)
    except Conflict as why:
        return "", str(why), 409
    except AsteriskUnavailable as why:
        return "", f"The phone was not told. {why}", 503
    return RESYNCED, "", 200
