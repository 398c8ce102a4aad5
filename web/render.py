"""Templates to responses: Jinja2 with escaping on, and an undefined name is an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pbxbridge.services.people import Role
from web.agent_words import state_words
from web.browsers import browser_name
from web.cookies import csrf_token
from web.invitation_words import invitation_words
from web.navigation import Link, links_for
from web.pages.status import state_hint, status_hint
from web.portal import SESSION, portal_of
from web.requests import wants_fragment
from web.role_words import role_words
from web.watchers import shut_pages

if TYPE_CHECKING:
    from pbxbridge.services.overview import Waiting

TEMPLATES = web.AppKey("templates", Environment)


@dataclass(frozen=True, slots=True)
class LinkView:
    """The AMI link of a node as the banner shows it; ``since`` is in UTC.

    ``node`` is empty where there is only one.
    """

    node: str
    up: bool
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a signed-in person shows around its own content.

    ``here`` is the page's path; ``links`` are the pages that this person may open. What waits to be
    told or sent is None for who does not look after the system.
    """

    login: str
    role: Role
    here: str
    links: tuple[Link, ...]
    nodes: tuple[LinkView, ...]
    waiting: Waiting | None

    @property
    def section(self) -> tuple[Link, ...]:
        """The pages that share an entry of the menu with this one."""
        return next((link.section for link in self.links if link.current(self.here)), ())


@cache
def make_templates() -> Environment:
    """Return the environment of all templates of the portal, in which each is compiled once."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["state_hint"] = state_hint
    environment.globals["status_hint"] = status_hint
    environment.filters["as_id"] = as_id
    environment.filters["as_segment"] = as_segment
    environment.filters["breakable"] = breakable
    environment.filters["browser"] = browser_name
    environment.filters["invitation_words"] = invitation_words
    environment.filters["role_words"] = role_words
    environment.filters["span"] = span
    environment.filters["state_words"] = state_words
    return environment


def as_id(text: str) -> str:
    """Return the text as part of an element's id, in which no selector finds anything to read.

    Different texts stay different.
    """
    return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in text)


def as_segment(text: str) -> str:
    """Return the text as one step of a path."""
    return quote(text, safe="")


def span(seconds: float) -> str:
    """Return a span of time as a clock would show it: 0:07, 12:34, 1:02:03."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def breakable(text: str) -> Markup:
    """Return a login or an address that a narrow column breaks between its parts, not within."""
    return Markup("").join(
        Markup("%s<wbr>") % character if character in "@._-" else escape(character)
        for character in text
    )


def fragment(request: web.Request, template: str, **context: Any) -> str:
    """Return a part of a page as HTML."""
    session = request.get(SESSION)
    context["csrf"] = csrf_token(session.token) if session else ""
    # For hiding what cannot be done anyway: access.py is what refuses it.
    context["can_edit"] = session is not None and session.role is Role.ADMIN
    context["call_of"] = portal_of(request).calls.state_of
    context["agent_at"] = portal_of(request).queue_board.at
    context["may_invite"] = portal_of(request).invitations.fits
    return request.config_dict[TEMPLATES].get_template(template).render(context)


def html(body: str, status: int = 200) -> web.Response:
    """Return HTML as a response."""
    return web.Response(text=body, status=status, content_type="text/html")


async def page(
    request: web.Request, template: str, status: int = 200, **context: Any
) -> web.Response:
    """Return a whole page with the frame of the person who is signed in."""
    frame = await frame_of(request)
    return html(fragment(request, template, frame=frame, **context), status)


async def part_or_page(
    request: web.Request,
    part: str,
    shell: str,
    *,
    title: str,
    status: int = 200,
    **context: Any,
) -> web.Response:
    """Return ``part`` alone to htmx; to a plain browser, the page ``shell`` that includes it."""
    if wants_fragment(request):
        return html(fragment(request, part, is_page=False, **context), status)
    return await page(
        request, shell, status=status, is_page=True, part=part, title=title, **context
    )


def bare_page(
    request: web.Request, template: str, status: int = 200, **context: Any
) -> web.Response:
    """Return a whole page that shows nothing of the system: sign-in, errors."""
    return html(fragment(request, template, frame=None, **context), status)


async def frame_of(request: web.Request) -> Frame:
    """Read what the frame shows."""
    session = request[SESSION]
    sees_all = session.role is not Role.USER
    nodes = node_links(request, why=sees_all)
    waiting = await portal_of(request).overview.waiting() if sees_all else None
    links = links_for(request, session.role, await shut_pages(request))
    return Frame(session.login, session.role, request.path, links, nodes, waiting)


def node_links(request: web.Request, *, why: bool) -> tuple[LinkView, ...]:
    """Read the state of every node's AMI link; ``why`` it is down may name hosts and logins."""
    links = portal_of(request).board.links
    return tuple(
        LinkView(node if len(links) > 1 else "", link.up, link.since, link.reason if why else "")
        for node, link in links.items()
    )
