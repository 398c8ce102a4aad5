"""Signing in and out.

Who has a second factor is asked for the code after the password turned out right, and password and
code are then sent together: nothing is kept here between the two, neither the password nor a
half-open session. With scripts only the field for the code comes into the form, in which the
password still stands; without, the form comes again and the password is typed again.
"""

from __future__ import annotations

from aiohttp import hdrs, web

from pbxbridge.errors import Forbidden, SecondFactorNeeded, TooManyAttempts
from web import routes as names
from web.access import public, signed_in
from web.cookies import forget_session_token, set_session_token
from web.notices import notice_of
from web.portal import SESSION, client_address, portal_of
from web.render import bare_page, fragment, html
from web.requests import read_form, safe_next, wants_fragment


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    return [
        web.get("/sign-in", show_sign_in, name=names.SIGN_IN),
        web.post("/sign-in", sign_in, name=names.SIGN_IN),
        web.post("/sign-out", sign_out, name=names.SIGN_OUT),
    ]


@public
async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """Show the form; who is signed in already goes on."""
    target = safe_next(request.query.get("next", ""))
    if SESSION in request:
        raise web.HTTPSeeOther(target)
    return bare_page(
        request,
        "sign_in/sign_in.html",
        next=target,
        login="",
        error="",
        asks=False,
        wants_code=False,
        notice=notice_of(request),
    )


@public
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check login name, password and code, and begin a session."""
    form = await read_form(request)
    target = safe_next(form.get("next", ""))
    try:
        token = await portal_of(request).accounts.sign_in(
            form.get("login", "").strip(),
            form.get("password", ""),
            client_address(request),
            code=form.get("code", ""),
            user_agent=request.headers.get(hdrs.USER_AGENT, ""),
        )
    except (Forbidden, TooManyAttempts) as refused:
        return _refused(request, form, refused)
    if not wants_fragment(request):
        response = web.HTTPSeeOther(target)
        set_session_token(request, response, token)
        raise response
    done = html("")
    done.headers["HX-Redirect"] = target
    set_session_token(request, done, token)
    return done


@signed_in
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session."""
    await portal_of(request).accounts.sign_out(request[SESSION].token)
    response = web.HTTPSeeOther("/sign-in")
    forget_session_token(request, response)
    raise response


def _refused(
    request: web.Request, form: dict[str, str], refused: Forbidden | TooManyAttempts
) -> web.Response:
    answer = {
        "error": str(refused),
        # The password was right, and nothing is wrong yet.
        "asks": isinstance(refused, SecondFactorNeeded) and not form.get("code"),
        "wants_code": isinstance(refused, SecondFactorNeeded) or "code" in form,
    }
    status = 429 if isinstance(refused, TooManyAttempts) else 403
    if wants_fragment(request):
        response = html(fragment(request, "sign_in/answer.html", **answer), status)
    else:
        response = bare_page(
            request,
            "sign_in/sign_in.html",
            status=status,
            next=safe_next(form.get("next", "")),
            login=form.get("login", "").strip(),
            **answer,
        )
    if isinstance(refused, TooManyAttempts):
        response.headers[hdrs.RETRY_AFTER] = str(refused.retry_after)
    return response
