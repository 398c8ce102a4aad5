"""Reading a form with a file, which only handlers that say so may be sent.

The form's hidden CSRF token is its first field: it is checked (middleware/csrf.py) before anything
else of the body is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

UPLOAD_TYPE = "multipart/form-data"
LONGEST_FIELD = 1024
MOST_FIELDS = 10
READ_SECONDS = 120.0
UNREADABLE = (ValueError, TimeoutError, HttpProcessingError)

_ATTRIBUTE = "__takes_upload__"
_READER = web.RequestKey("upload", MultipartReader)

Handler = TypeVar("Handler", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Upload:
    """What a form with a file says; ``file_name`` is empty if none was chosen."""

    fields: dict[str, str]
    file_name: str
    data: bytes


def takes_upload(handler: Handler) -> Handler:
    """Declare that the handler may be sent a file."""
    setattr(handler, _ATTRIBUTE, True)
    return handler


def is_upload(request: web.Request) -> bool:
    """Whether this is a form with a file, for a handler that takes one."""
    declared = getattr(request.match_info.handler, _ATTRIBUTE, False)
    return bool(declared) and request.content_type == UPLOAD_TYPE


async def first_field(request: web.Request, name: str) -> str:
    """Return the form's first field, empty if it has another name; leave the rest unread.

    Raises HTTPBadRequest for what is no such form.
    """
    try:
        async with asyncio.timeout(READ_SECONDS):
            reader = request[_READER] = await request.multipart()
            part = await reader.next()
            if not isinstance(part, BodyPartReader) or part.name != name:
                return ""
            return (await _content(part, LONGEST_FIELD)).decode()
    except UNREADABLE as error:
        raise web.HTTPBadRequest from error


async def read_upload(request: web.Request, largest: int) -> Upload:
    """Return what the form says.

    ``largest`` is the file's largest size in bytes. Raises HTTPRequestEntityTooLarge,
    HTTPUnsupportedMediaType for another kind of form, HTTPBadRequest for what is no form.
    """
    if request.content_type != UPLOAD_TYPE:
        raise web.HTTPUnsupportedMediaType
    fields: dict[str, str] = {}
    file_name, data = "", b""
    try:
        async with asyncio.timeout(READ_SECONDS):
            reader = request.get(_READER) or await request.multipart()
            while (part := await reader.next()) is not None:
                if not isinstance(part, BodyPartReader) or len(fields) == MOST_FIELDS:
                    raise web.HTTPBadRequest
                if part.filename is None:
                    fields[part.name or ""] = (await _content(part, LONGEST_FIELD)).decode()
                else:
                    file_name, data = part.filename, await _content(part, largest)
    except UNREADABLE as error:
        raise web.HTTPBadRequest from error
    return Upload(fields, file_name, data)


async def _content(part: BodyPartReader, largest: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > largest:
            raise web.HTTPRequestEntityTooLarge(largest, len(content))
    return bytes(content)
