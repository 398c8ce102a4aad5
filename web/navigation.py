"""The links of the top bar: the pages that are there, and that are for one's role."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import access_of
from web.requests import API_DOCS

ME = "/me"
PROFILE = "/profile"

# Open to everybody, but no page for a menu of somebody who only has a phone: the profile links it.
STAFF_ONLY = frozenset({API_DOCS})
# The whole menu, in its order; a page that is not served is left out.
MENU = (
    ("/extensions", "Extensions"),
    ("/users", "Users"),
    ("/audit", "Audit"),
    ("/transfer", "Import/Export"),
    (API_DOCS, "API"),
    (ME, "My extension"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the menu, and who has it in theirs."""

    path: str
    label: str
    roles: frozenset[Role]


NAVIGATION = web.AppKey("navigation", tuple[Link, ...])


def make_navigation(router: web.UrlDispatcher) -> tuple[Link, ...]:
    """Return the links to what is served, each for whom its own handler declares."""
    pages = {
        route.resource.canonical: access.roles
        for route in router.routes()
        if route.method == "GET" and route.resource and (access := access_of(route))
    }
    return tuple(
        Link(path, label, pages[path] - {Role.USER} if path in STAFF_ONLY else pages[path])
        for path, label in MENU
        if path in pages
    )


def is_served(request: web.Request, path: str) -> bool:
    """Whether the menu has this page."""
    return any(link.path == path for link in request.config_dict[NAVIGATION])


def links_for(request: web.Request, role: Role) -> tuple[Link, ...]:
    """Return what the menu of this role has."""
    return tuple(link for link in request.config_dict[NAVIGATION] if role in link.roles)
