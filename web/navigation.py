"""The links of the top bar: the pages that are there, and that one's role may open."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from pbxbridge.services.people import Role
from web.access import Access, access_of

ME = "/me"
PROFILE = "/profile"

# The whole menu, in its order; a page that is not served is left out.
MENU = (
    ("/extensions", "Extensions"),
    ("/users", "Users"),
    ("/audit", "Audit"),
    ("/transfer", "Import/Export"),
    ("/api/v1/docs", "API"),
    (ME, "My extension"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the menu, and who may open it."""

    path: str
    label: str
    access: Access


NAVIGATION = web.AppKey("navigation", tuple[Link, ...])


def make_navigation(router: web.UrlDispatcher) -> tuple[Link, ...]:
    """Return the links to what is served, each with what its own handler declares."""
    pages = {
        route.resource.canonical: access
        for route in router.routes()
        if route.method == "GET" and route.resource and (access := access_of(route))
    }
    return tuple(Link(path, label, pages[path]) for path, label in MENU if path in pages)


def is_served(request: web.Request, path: str) -> bool:
    """Whether the menu has this page."""
    return any(link.path == path for link in request.config_dict[NAVIGATION])


def links_for(request: web.Request, role: Role) -> tuple[Link, ...]:
    """Return what this role may open."""
    return tuple(link for link in request.config_dict[NAVIGATION] if role in link.access.roles)
