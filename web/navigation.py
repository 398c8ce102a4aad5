"""The links of the top bar: the pages that are there, and that are for one's role."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import access_of
from web.requests import API_DOCS

ME = "/me"
PROFILE = "/profile"
CALLING = "/classes"
VOICEMAIL = "/voicemail"
CALL_CENTRE = "/wallboard"
CALL_LOG = "/queue-calls"

# Open to everybody, but no page for a menu of somebody who only has a phone: the profile links it.
STAFF_ONLY = frozenset({API_DOCS})
# The whole menu, in its order; a page that is not served is left out.
MENU = (
    ("/extensions", "Extensions"),
    ("/phones", "Phones"),
    ("/alerts", "Alerts"),
    (CALLING, "Calling"),
    (CALL_CENTRE, "Call centre"),
    (VOICEMAIL, "Voicemail"),
    ("/users", "Users"),
    ("/audit", "Audit"),
    ("/transfer", "Import/Export"),
    (API_DOCS, "API"),
    (ME, "My extension"),
    ("/help", "Help"),
)
# Pages that share one entry of the menu, and have a menu of their own.
SECTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    CALLING: (
        (CALLING, "Classes"),
        ("/routes", "Routes"),
        ("/trunks", "Trunks"),
        ("/groups", "Phone groups"),
    ),
    CALL_CENTRE: (
        (CALL_CENTRE, "Wallboard"),
        ("/agents", "Agents"),
        ("/queues", "Queues"),
        (CALL_LOG, "Calls"),
    ),
    VOICEMAIL: (
        (VOICEMAIL, "Messages"),
        (f"{VOICEMAIL}/boxes", "Boxes"),
        ("/outbox", "Mail outbox"),
    ),
}
# A page of one form, which is part of another.
PARTS: Mapping[str, tuple[str, ...]] = {"/trunks": ("/inbound",)}


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the menu, who has it in theirs, and the pages that share its entry.

    ``beside`` are pages of its section that are no part of it, though their address is below its.
    """

    path: str
    label: str
    roles: frozenset[Role]
    section: tuple[Link, ...] = ()
    beside: tuple[str, ...] = ()

    def current(self, here: str) -> str:
        """Return aria-current for who is at ``here``: this page, something below it, or empty."""
        if here == self.path:
            return "page"
        is_part = _is_within(here, (self.path, *PARTS.get(self.path, ())))
        inside = is_part and not _is_within(here, self.beside)
        return "true" if inside or any(link.current(here) for link in self.section) else ""

    def of(self, role: Role, shut: Collection[str]) -> Link:
        """Return it with the pages of its section that this role may open, but those."""
        open_ = (link for link in self.section if role in link.roles and link.path not in shut)
        return replace(self, section=tuple(open_))


def _is_within(here: str, paths: Iterable[str]) -> bool:
    return any(f"{here}/".startswith(f"{path}/") for path in paths)


NAVIGATION = web.AppKey("navigation", tuple[Link, ...])


def make_navigation(router: web.UrlDispatcher) -> tuple[Link, ...]:
    """Return the links to what is served, each for whom its own handler declares."""
    pages = {
        route.resource.canonical: access.roles
        for route in router.routes()
        if route.method == "GET" and route.resource and (access := access_of(route))
    }

    def links(menu: tuple[tuple[str, str], ...], *, inner: bool = False) -> tuple[Link, ...]:
        return tuple(
            Link(
                path,
                label,
                pages[path] - {Role.USER} if path in STAFF_ONLY else pages[path],
                () if inner else links(SECTIONS.get(path, ()), inner=True),
                tuple(other for other, _ in menu if other.startswith(f"{path}/")),
            )
            for path, label in menu
            if path in pages
        )

    return links(MENU)


def is_served(request: web.Request, path: str) -> bool:
    """Whether the menu has this page."""
    return any(link.path == path for link in request.config_dict[NAVIGATION])


def links_for(request: web.Request, role: Role, shut: Collection[str] = ()) -> tuple[Link, ...]:
    """Return what the menu of this role has, but for the pages ``shut`` to this person."""
    return tuple(
        link.of(role, shut)
        for link in request.config_dict[NAVIGATION]
        if role in link.roles and link.path not in shut
    )
