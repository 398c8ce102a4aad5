"""Entity tags: a client says which version it knows, and loses no change of somebody else's.

Source: RFC 9110, sections 8.8.3 and 13.1.
"""

from __future__ import annotations

from aiohttp import hdrs, web

ANY = "*"
STALE = "This was changed meanwhile. Read it again, and repeat your change if it still fits."


def quoted(tag: object) -> str:
    """Return a strong entity tag as headers have it."""
    return f'"{tag}"'


def check_if_match(request: web.Request, tag: object) -> bool:
    """Return whether the client named the present version itself.

    It did not if it named none or any. Raises HTTPPreconditionFailed if it named others only.
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == ANY:
        return False
    known = {one.value for one in request.if_match or () if not one.is_weak}
    if str(tag) not in known:
        raise stale()
    return True


def has_already(request: web.Request, tag: object) -> bool:
    """Whether the client says that it has this version: it need not be sent again."""
    given = request.headers.get(hdrs.IF_NONE_MATCH)
    if given is None:
        return False
    known = {one.value for one in request.if_none_match or ()}
    return given.strip() == ANY or str(tag) in known


def stale() -> web.HTTPPreconditionFailed:
    """Return what says that the client's version is not the present one."""
    return web.HTTPPreconditionFailed(text=STALE)


def not_modified(tag: object) -> web.Response:
    """Return the answer that saves sending what the client has."""
    return web.Response(status=304, headers={"ETag": quoted(tag)})
