"""Templates to responses: Jinja2 with escaping on, and an undefined name is an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.cookies import csrf_token
from web.pages.status import status_hint
from web.portal import SESSION, portal_of
from web.requests import wants_fragment

if TYPE_CHECKING:
    from pbxbridge.services.overview import Waiting

TEMPLATES = web.AppKey("templates", Environment)


@dataclass(frozen=True, slots=True)
class LinkView:
    """The AMI link as the banner shows it; ``since`` is in UTC."""

    up: bool
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a signed-in person shows around its own content."""

    login: str
    link: LinkView
    waiting: Waiting


def make_templates() -> Environment:
    """Return the environment of all templates of the portal."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["status_hint"] = status_hint
    return environment


def fragment(request: web.Request, template: str, **context: Any) -> str:
    """Return a part of a page as HTML."""
    session = request.get(SESSION)
    csrf = csrf_token(session.token) if session else ""
    return request.config_dict[TEMPLATES].get_template(template).render(csrf=csrf, **context)


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
    waiting = await portal_of(request).overview.waiting()
    return Frame(request[SESSION].login, link_of(request), waiting)


def link_of(request: web.Request) -> LinkView:
    """Read the state of the AMI link."""
    link = portal_of(request).mirror.link
    return LinkView(link.up, link.since, link.reason)
