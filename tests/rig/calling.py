"""The services of trunks, routes, classes, groups and inbound calls, wired as tests want them."""

from __future__ import annotations

from dataclasses import dataclass

from pbxbridge.events import EventBus
from pbxbridge.models.calling import ClassOfService, Route
from pbxbridge.services.calling.classes import ClassesOfService
from pbxbridge.services.calling.groups import PhoneGroups
from pbxbridge.services.calling.inbound import Inbound
from pbxbridge.services.calling.routes import Routes
from pbxbridge.services.calling.trunks import Trunks
from pbxbridge.services.extension_store import SiteDefaults


@dataclass(frozen=True, slots=True)
class Calling:
    """Everything that decides about calls, on the open database."""

    trunks: Trunks
    routes: Routes
    classes: ClassesOfService
    groups: PhoneGroups
    inbound: Inbound


def calling_on(
    bus: EventBus,
    *,
    qualify_frequency: int = 60,
    ring_time: int = 20,
    sorcery_cache: bool = False,
) -> Calling:
    """Return the services; times in seconds."""
    return calling_for(bus, SiteDefaults(qualify_frequency, ring_time, sorcery_cache))


def calling_for(bus: EventBus, site: SiteDefaults) -> Calling:
    """Return the services of a site."""
    return Calling(
        Trunks(bus, site),
        Routes(bus),
        ClassesOfService(bus),
        PhoneGroups(bus, site.ring_time),
        Inbound(bus),
    )


async def open_the_outside() -> None:
    """Let the class `internal` dial every number, as if an administrator had made routes for it.

    Straight into the portal's tables: nothing is audited, and Asterisk is told nothing.
    """
    patterns = {"anywhere": "_X!", "abroad": "_+X!"}
    for name, pattern in patterns.items():
        await Route.create(
            name=name,
            description="",
            pattern=pattern,
            strip=0,
            prepend="",
            trunks=["carrier"],
            emergency=False,
        )
    await ClassOfService.filter(name="internal").update(routes=sorted(patterns))
