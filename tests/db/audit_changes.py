"""What tests of the audit have in common: an extension, people, and changes made to them."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.models.people import Role
from pbxbridge.services.actor import Actor
from pbxbridge.services.audit_trail import AuditTrail, AuditView
from pbxbridge.services.extension_view import fields_of
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import Users

CREATED = {
    "number": "1001",
    "caller_id_name": "Ada",
    "voicemail": True,
    "voicemail_pin": "4321",
    "voicemail_email": "ada@pbx.local",
    "mac": "0004f2000001",
}


async def add_people(users: Users, admin: Actor) -> None:
    """Create the administrator root, and the users grace and joan."""
    for login, role in (("root", Role.ADMIN), ("grace", Role.USER), ("joan", Role.USER)):
        await users.create(admin, UserInput(login=login, role=role))


async def newest(trail: AuditTrail, action: str = "extension.changed") -> AuditView:
    """Return the newest entry of that action."""
    return next(entry for entry in (await trail.page()).items if entry.action == action)


async def change(extensions: Extensions, trail: AuditTrail, **fields: object) -> AuditView:
    """Change extension 1001; return the change's entry."""
    await extensions.update(Actor("ada", "192.0.2.1"), "1001", fields)
    return await newest(trail)


async def state(extensions: Extensions, number: str = "1001") -> Mapping[str, object]:
    """Return all fields of an extension."""
    return fields_of(await extensions.get(number))
