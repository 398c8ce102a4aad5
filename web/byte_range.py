"""Answering with a part of some bytes: what lets a browser's player move within a recording."""

from __future__ import annotations

from aiohttp import web


def partial(request: web.Request, content: bytes, *, content_type: str, etag: str) -> web.Response:
    """Return the content, or the one range of it that a GET asked for.

    ``etag`` names this very content. A Range that is not understood is ignored, several ranges at
    once are too; one beyond the end is answered by 416. Source: RFC 9110, sections 13.1.5 and 14.
    """
    size, tag = len(content), f'"{etag}"'
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Type": content_type}
    wanted = _wanted(request, tag)
    if wanted is None:
        return web.Response(body=content, headers=headers)
    first, end, _ = wanted.indices(size)
    if first >= end:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return web.Response(status=206, body=content[first:end], headers=headers)


def _wanted(request: web.Request, tag: str) -> slice | None:
    if "Range" not in request.headers or request.headers.get("If-Range", tag) != tag:
        return None
    try:
        return request.http_range
    except ValueError:
        return None
