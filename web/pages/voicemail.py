"""The messages of one's own voicemail: list, play, mark as heard, delete.

A mail's link leads to ``/voicemail?message=<number>-<msg_id>``, which shows where that one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from pbxbridge.errors import AsteriskUnavailable, NotFound
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.voicemail.inbox import MessageView
from web.access import signed_in
from web.byte_range import partial
from web.navigation import VOICEMAIL
from web.notices import emptied, notice_of
from web.own_extensions import own_extensions, own_mailbox
from web.portal import SESSION, actor_of, portal_of
from web.render import page, part_or_page


@dataclass(frozen=True, slots=True)
class OwnBox:
    """A mailbox of the person's; ``messages`` is None if they cannot be read now."""

    view: ExtensionView
    messages: list[MessageView] | None


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    one = f"{VOICEMAIL}/{{number}}/{{msg_id}}"
    return [
        web.get(VOICEMAIL, show_own),
        web.get(one, play, allow_head=False),
        web.post(f"{one}/heard", mark_heard),
        web.get(f"{one}/delete", ask_delete),
        web.post(f"{one}/delete", delete),
    ]


@signed_in
async def show_own(request: web.Request) -> web.StreamResponse:
    """Show the messages of the person who is signed in; ``message`` is the one to point at."""
    boxes = [
        OwnBox(view, await _messages(request, view.number))
        for view in await own_extensions(request)
        if view.voicemail
    ]
    wanted = request.query.get("message", "")
    return await page(
        request,
        "voicemail/own.html",
        boxes=boxes,
        wanted=wanted,
        is_gone=_is_gone(wanted, boxes),
        login=request[SESSION].login,
        notice=notice_of(request),
    )


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
    return emptied(request, VOICEMAIL, "message-heard")


@signed_in
async def ask_delete(request: web.Request) -> web.StreamResponse:
    """Ask, and say which message it is."""
    number = (await own_mailbox(request)).number
    message = await _message(request, number)
    return await part_or_page(
        request,
        "voicemail/delete.html",
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
    return emptied(request, VOICEMAIL, "message-deleted")


async def _messages(request: web.Request, number: str) -> list[MessageView] | None:
    try:
        return await portal_of(request).voicemail.messages(number)
    except AsteriskUnavailable:
        return None  # the rest of the page is no worse for it


def _is_gone(wanted: str, boxes: Sequence[OwnBox]) -> bool:
    """Whether the message that was asked for is not there; unless its box cannot be read."""
    for box in boxes:
        start = f"{box.view.number}-"
        if box.messages is None and wanted.startswith(start):
            return False
        if any(wanted == f"{start}{message.msg_id}" for message in box.messages or ()):
            return False
    return bool(wanted)


async def _message(request: web.Request, number: str) -> MessageView:
    msg_id = request.match_info["msg_id"]
    for message in await portal_of(request).voicemail.messages(number):
        if message.msg_id == msg_id:
            return message
    raise NotFound("This message is not there any more.")
