"""Headers that every answer carries, whoever made it: a page, a file, the live stream, an error."""

from aiohttp import web

from web.requests import has_secret_path
from web.routes import STATIC

# No inline script or style and no eval: what a name or a header smuggles into a page cannot run.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it, browsers send "Origin: null" for the portal's own forms
    # (Fetch standard, "append a request Origin header"), and csrf.py would refuse them.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "pbxbridge",
}


# What such an address opens is for who was told it: no other site and no search engine learns it.
# Its forms come with "Origin: null", see csrf.py.
HEADERS_OF_SECRET_PATHS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler for on_response_prepare.

    A signal rather than a middleware: the live stream sends its headers before it returns.
    """
    response.headers.update(HEADERS)
    if has_secret_path(request):
        response.headers.update(HEADERS_OF_SECRET_PATHS)
    is_static = request.match_info.route.name == STATIC
    # Pages hold names and secrets; files are revalidated, so that an update is seen at once.
    response.headers["Cache-Control"] = "no-cache" if is_static else "no-store"
