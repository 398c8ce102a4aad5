"""The messages of one's own voicemail: play, mark as heard, delete."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import NotFound
from pbxbridge.services.voicemail_inbox import MessageView
from web.access import signed_in
from web.byte_range import partial
from web.navigation import ME
from web.notices import notify
from web.own_extensions import own_mailbox
from web.portal import actor_of, portal_of
from web.render import html, part_or_page
from web.requests import wants_fragment


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{ME}/voicemail/{{number}}/{{msg_id}}"
    return [
        web.get(one, play, allow_head=False),
        web.post(f"{one}/heard", mark_heard),
        web.get(f"{one}/delete", ask_delete),
        web.post(f"{one}/delete", delete),
    ]


@signed_in
async def play(request: web.Request) -> web.StreamResponse:
    """Send the recording to the browser's player, or with ``?download`` to a file."""
    number = (await own_mailbox(request)).number
    msg_id = request.match_info["msg_id"]
    recording = await portal_of(request).voicemail.recording(number, msg_id)
    response = partial(request, recording.content, content_type=recording.content_type, etag=msg_id)
    kind = "attachment" if "download" in request.query else "inline"
    response.headers["Content-Disposition"] = f'{kind}; filename="{recording.file_name}"'
    return response


@signed_in
async def mark_heard(request: web.Request) -> web.StreamResponse:
    """Move the message to the old ones, as hearing it by phone does."""
    number = (await own_mailbox(request)).number
    msg_id = request.match_info["msg_id"]
    await portal_of(request).voicemail.mark_heard(actor_of(request), number, msg_id)
    return _done(request, "message-heard")


@signed_in
async def ask_delete(request: web.Request) -> web.StreamResponse:
    """Ask, and say which message it is."""
    number = (await own_mailbox(request)).number
    message = await _message(request, number)
    return await part_or_page(
        request,
        "me/delete.html",
        "question.html",
        title="Delete",
        number=number,
        message=message,
    )


@signed_in
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete the message."""
    number = (await own_mailbox(request)).number
    msg_id = request.match_info["msg_id"]
    await portal_of(request).voicemail.delete(actor_of(request), number, msg_id)
    return _done(request, "message-deleted")


def _done(request: web.Request, notice: str) -> web.StreamResponse:
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{ME}?notice={notice}")
    response = html("")
    notify(response, notice)
    return response


async def _message(request: web.Request, number: str) -> MessageView:
    msg_id = request.match_info["msg_id"]
    for message in await portal_of(request).voicemail.messages(number):
        if message.msg_id == msg_id:
            return message
    raise NotFound("This message is not there any more.")
