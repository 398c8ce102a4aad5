"""The Mail outbox screen: what is stored, waiting, sent or given up, and how the server does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.services.actor import Actor
from pbxbridge.services.mailing.outbox_list import MailPage, mail_page, parse_filter
from pbxbridge.services.mailing.server_health import Answer
from pbxbridge.services.people import Role
from web.access import allow
from web.notices import emptied, notice_of, notify
from web.portal import SESSION, actor_of, portal_of
from web.render import fragment, html, page, part_or_page
from web.requests import older_than, read_form, wants_fragment

LIST = "/outbox"
SEARCHED = ("state", "kind", "mailbox", "recipient")
STATES = {
    "held": "Held",
    "waiting": "Waiting",
    "sent": "Sent",
    "dead": "Given up",
    "dropped": "Discarded",
}
KINDS = {
    "voicemail": "Voicemail",
    "password-reset": "Password reset",
    "test": "Test mail",
    "invitation": "Invitation",
}
TLS = {"none": "None", "starttls": "STARTTLS", "implicit": "Implicit (SMTPS)"}


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{LIST}/{{id:[0-9]{{1,9}}}}"
    return [
        web.get(LIST, show_list),
        web.get(f"{LIST}/send-again", ask_send_all_again),
        web.post(f"{LIST}/send-again", send_all_again),
        web.post(f"{LIST}/test", send_test),
        web.post(f"{LIST}/check", check_server),
        web.post(f"{one}/send-again", send_again),
        web.post(f"{one}/send-now", send_now),
        web.post(f"{one}/read-again", read_again),
        web.get(f"{one}/discard", ask_discard),
        web.post(f"{one}/discard", discard),
    ]


@allow(Role.ADMIN, Role.OPERATOR)
async def show_list(request: web.Request) -> web.StreamResponse:
    """Show one page of the mails that are searched for, the newest first."""
    return await _screen(request, notice=notice_of(request))


@allow(Role.ADMIN)
async def send_again(request: web.Request) -> web.StreamResponse:
    """Have a mail that was given up sent as if it were new."""
    return await _changed(request, portal_of(request).outbox.send_again, "mail-sent-again")


@allow(Role.ADMIN)
async def send_now(request: web.Request) -> web.StreamResponse:
    """Have a mail that waits for its next attempt tried at once."""
    return await _changed(request, portal_of(request).outbox.send_now, "mail-sent-now")


@allow(Role.ADMIN)
async def read_again(request: web.Request) -> web.StreamResponse:
    """Have the recording of a held mail read again."""
    return await _changed(request, portal_of(request).outbox.read_again, "mail-read-again")


@allow(Role.ADMIN)
async def ask_discard(request: web.Request) -> web.StreamResponse:
    """Ask, and say what will be lost."""
    mail = await portal_of(request).outbox.get(_id(request))
    return await part_or_page(
        request, "outbox/discard.html", "question.html", title="Discard", mail=mail, kinds=KINDS
    )


@allow(Role.ADMIN)
async def discard(request: web.Request) -> web.StreamResponse:
    """Delete what a mail says, so that it is never sent."""
    return await _changed(request, portal_of(request).outbox.discard, "mail-discarded")


@allow(Role.ADMIN)
async def ask_send_all_again(request: web.Request) -> web.StreamResponse:
    """Ask, and say how many mails it is about."""
    mailbox = request.query.get("mailbox", "").strip()
    return await part_or_page(
        request,
        "outbox/send_all_again.html",
        "question.html",
        title="Send again",
        mailbox=mailbox,
        count=await portal_of(request).outbox.given_up(mailbox),
    )


@allow(Role.ADMIN)
async def send_all_again(request: web.Request) -> web.StreamResponse:
    """Have all mails that were given up, or those of one box, sent as if they were new."""
    mailbox = (await read_form(request)).get("mailbox", "").strip()
    await portal_of(request).outbox.send_all_again(actor_of(request), mailbox)
    return emptied(request, LIST, "mails-sent-again")


@allow(Role.ADMIN)
async def send_test(request: web.Request) -> web.StreamResponse:
    """Store a test mail; the page shows by itself what becomes of it."""
    address = (await read_form(request)).get("address", "")
    try:
        await portal_of(request).mail_test.send(actor_of(request), address)
    except Invalid as invalid:
        test = {"address": address, "errors": invalid.fields}
        if wants_fragment(request):
            return html(fragment(request, "outbox/test_form.html", test=test), 422)
        return await _screen(request, 422, test=test)
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?notice=mail-test-sent")
    test = {"address": address, "errors": {}}
    response = html(fragment(request, "outbox/test_form.html", test=test))
    notify(response, "mail-test-sent")
    return response


@allow(Role.ADMIN)
async def check_server(request: web.Request) -> web.StreamResponse:
    """Ask the mail server whether it would take mails, and show what it says."""
    answer = await portal_of(request).mail_server.check()
    if wants_fragment(request):
        return html(fragment(request, "outbox/server_answer.html", answer=answer))
    return await _screen(request, answer=answer)


async def _screen(
    request: web.Request,
    status: int = 200,
    *,
    notice: str = "",
    answer: Answer | None = None,
    test: Mapping[str, Any] | None = None,
) -> web.Response:
    portal, login = portal_of(request), request[SESSION].login
    typed = {name: request.query.get(name, "").strip() for name in SEARCHED}
    found, errors = MailPage([], older=None), {}
    try:
        found = await mail_page(parse_filter(typed), older_than=older_than(request))
    except Invalid as invalid:
        status, errors = 422, invalid.fields
    searched = {name: value for name, value in typed.items() if value}
    return await page(
        request,
        "outbox/list.html",
        status,
        found=found,
        values=typed,
        errors=errors,
        is_searched=bool(searched),
        newest="" if "before" not in request.query else _url(searched),
        older="" if found.older is None else _url(searched, before=str(found.older)),
        given_up=await portal.outbox.given_up(typed["mailbox"]),
        states=STATES,
        kinds=KINDS,
        tls=TLS,
        server=await portal.mail_server.health(),
        answer=answer,
        test=test or {"address": (await portal.users.get(login)).email, "errors": {}},
        last_test=await portal.mail_test.last(login),
        notice=notice,
    )


async def _changed(
    request: web.Request, change: Callable[[Actor, int], Awaitable[None]], notice: str
) -> web.StreamResponse:
    await change(actor_of(request), _id(request))
    return emptied(request, LIST, notice)


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


def _url(searched: Mapping[str, str], **other: str) -> str:
    return f"{LIST}?{urlencode({**searched, **other})}"
