"""Reading what a browser sent: forms, its own idea of where it was, and where to go next."""

from __future__ import annotations

import asyncio
import posixpath
from urllib.parse import SplitResult, urlencode, urlsplit

from aiohttp import web

from pbxbridge.services.secret_links import SECRET_PATHS

HOME = "/"
API = "/api/"
# The one page there.
API_DOCS = "/api/v1/docs"
# What the API asks for (RFC 6750, section 3).
BEARER = 'Bearer realm="pbxbridge"'
SEARCH_LENGTH = 100
FORM_TYPE = "application/x-www-form-urlencoded"
# Browsers send forms in the charset of the page. Others, such as punycode, take Python seconds to
# decode a few kilobytes.
CHARSETS = ("utf-8", "utf8")
READ_SECONDS = 30.0


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of an HTML form, the first of each name.

    Raises HTTPUnsupportedMediaType for anything but a plain form in UTF-8 (for a file, see
    upload.py), HTTPBadRequest for bytes that are not text, HTTPRequestTimeout if they do not come.
    """
    if request.content_type != FORM_TYPE or (request.charset or "utf-8").lower() not in CHARSETS:
        raise web.HTTPUnsupportedMediaType
    try:
        async with asyncio.timeout(READ_SECONDS):
            fields = await request.post()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (UnicodeError, LookupError, ValueError) as error:
        raise web.HTTPBadRequest from error
    first: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            first.setdefault(name, value)
    return first


def version_of(typed: str) -> int | None:
    """Return the version that a form was filled with, None if it does not say."""
    return _whole_number(typed)


def search_of(request: web.Request) -> str:
    """Return what is searched for: one line of visible characters, empty for everything."""
    typed = request.query.get("search", "")[:SEARCH_LENGTH]
    return "".join(character for character in typed if character.isprintable()).strip()


def page_of(request: web.Request) -> int:
    """Return which page of a list is asked for, from 1."""
    typed = request.query.get("page", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1


def older_than(request: web.Request) -> int | None:
    """Return before which row a page of a list ends, None for the newest page."""
    return _whole_number(request.query.get("before", ""))


def wants_fragment(request: web.Request) -> bool:
    """Whether htmx asks, for a part of the page that it already shows."""
    return request.headers.get("HX-Request") == "true"


def wants_page(request: web.Request) -> bool:
    """Whether a person follows a link or sends a form without htmx."""
    return not wants_fragment(request) and "text/html" in request.headers.get("Accept", "")


def is_api(request: web.Request) -> bool:
    """Whether a program asks; it gets no pages, and may come with an API token."""
    return request.path.startswith(API) and request.path != API_DOCS


def has_secret_path(request: web.Request) -> bool:
    """Whether the address is one that only those know who were told it."""
    return bool(_secret_beginning(request))


def loggable_path(request: web.Request) -> str:
    """Return the path for the log: of a secret one the beginning, whether or not it leads anywhere.

    Not the route's pattern: a mistyped address or a wrong method finds no route.
    """
    beginning = _secret_beginning(request)
    return f"{beginning}..." if beginning else request.path


def _secret_beginning(request: web.Request) -> str:
    """Return what begins the address if the rest of it is secret, however it was typed."""
    typed = posixpath.normpath(request.path).lstrip("/").casefold()
    return next((each for each in SECRET_PATHS if f"/{typed}/".startswith(each)), "")


def safe_next(target: str) -> str:
    """Return a path of this portal to go to after sign-in; anything else becomes the home page.

    Browsers read ``//host`` and ``/\\host`` as another host, and skip tabs and line breaks.
    """
    if not target.startswith("/") or target[1:2] in ("/", "\\") or not target.isprintable():
        return HOME
    parts = split_url(target)
    return HOME if parts is None or parts.scheme or parts.netloc else target


def split_url(url: str) -> SplitResult | None:
    """Return the parts of an address that somebody sent, None for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _whole_number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def sign_in_url(request: web.Request) -> str:
    """Return the sign-in page's address, which leads back to where the person is now."""
    here = HOME
    if wants_fragment(request):
        if current := split_url(request.headers.get("HX-Current-URL", "")):
            here = f"{current.path}?{current.query}" if current.query else current.path
    elif request.method == "GET" and not has_secret_path(request):
        here = request.path_qs
    target = safe_next(here)
    return "/sign-in" if target == HOME else "/sign-in?" + urlencode({"next": target})
