"""The service of extensions as tests want it: wired by one call, deleting what they know of."""

from __future__ import annotations

from pbxbridge.events import EventBus
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences


def extensions_on(
    bus: EventBus,
    *,
    qualify_frequency: int = 60,
    ring_time: int = 20,
    sorcery_cache: bool = False,
    can_link: bool = True,
    licences: int | None = None,
) -> Extensions:
    """Return a service on the open database; times in seconds."""
    site = SiteDefaults(qualify_frequency, ring_time, sorcery_cache, can_link)
    return Extensions(bus, site, Licences(licences))


async def delete_knowingly(extensions: Extensions, actor: Actor, number: str) -> None:
    """Delete an extension, confirming whatever uses it."""
    known = [usage.key for usage in await extensions.usage(number)]
    await extensions.delete(actor, number, known)
