"""Recordings that wait to be mailed: stored and read piece by piece, however long they are."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import DBConnectionError, OperationalError
from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from pbxbridge.errors import MailError
from pbxbridge.mail.mail_content import LINE_BYTES, base64_length
from pbxbridge.models.outbox import OutgoingMail, RecordingPart
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import is_disk_full, until_stored

# Whole lines of base64: parts are encoded by themselves.
PART_BYTES = LINE_BYTES * 4096
# A recording that no mail has by then was left behind by a bridge that ended between the two.
ABANDONED_AFTER = timedelta(days=1)
# Parts that one transaction deletes: some 4 MB, in which SQLite overwrites each page.
DELETED_AT_ONCE = 16


async def keep_recording(pieces: AsyncGenerator[bytes, None]) -> tuple[str, int]:
    """Store a recording; return its name and its length in bytes.

    Each part is a transaction of its own: nobody waits for the whole. Raises what reading raises,
    and OperationalError if there is no space left; then nothing stays.
    """
    name, place, size = secrets.token_hex(16), 0, 0
    try:
        async with aclosing(pieces), aclosing(_parts(pieces)) as parts:
            async for content in parts:
                row = RecordingPart(recording=name, place=place, content=content)
                # `place` is unique: a second try after a lost answer stores nothing twice.
                store = partial(RecordingPart.bulk_create, [row], ignore_conflicts=True)
                await until_stored(store, unless=is_disk_full)
                place, size = place + 1, size + len(content)
    except Exception:
        with suppress(OperationalError):  # drop_abandoned_recordings() would find it
            await drop_recording(name)
        raise
    return name, size


async def recording_parts(name: str, encoded: int) -> AsyncGenerator[bytes, None]:
    """Yield the parts of a recording, of PART_BYTES each but the last.

    ``encoded`` is how long it is as base64, 0 if there is none. Raises MailError, which is not
    permanent, if a part cannot be read or if that is not what there is: no mail goes without.
    """
    place, size = 0, 0
    while base64_length(size) < encoded:
        if (part := await _read(name, place)) is None:
            break
        yield part.content
        place, size = place + 1, size + len(part.content)
    if base64_length(size) != encoded:
        raise MailError("The recording in the database is not whole.", permanent=False)


async def _read(name: str, place: int) -> RecordingPart | None:
    try:
        return await RecordingPart.get_or_none(recording=name, place=place)
    except (OperationalError, DBConnectionError) as why:
        # Not until it works: the mail server would have to wait amid the mail.
        reason = f"The recording cannot be read from the database: {why}"
        raise MailError(reason, permanent=False) from why


async def drop_recording(name: str) -> None:
    """Delete a recording, unless a mail has it that is not sent yet."""
    await drop_recordings([name])


async def drop_recordings(names: Collection[str]) -> None:
    """Delete recordings, but for those that a mail has that is not sent yet."""
    while await drop_some_parts(names):
        pass


async def drop_some_parts(
    names: Collection[str], transaction: TransactionalDBClient | None = None
) -> bool:
    """Delete a few parts of these recordings; return whether there may be more to delete.

    However long a recording is, nobody waits long for the database.
    """
    parts = RecordingPart.filter(recording__in=list(names)).using_db(transaction)
    return await _delete_some(parts, transaction)


async def drop_abandoned_recordings() -> None:
    """Delete what no mail has."""
    while await _delete_some(RecordingPart.filter(created_at__lt=utc_now() - ABANDONED_AFTER)):
        pass


async def _delete_some(
    parts: QuerySet[RecordingPart], transaction: TransactionalDBClient | None = None
) -> bool:
    named = OutgoingMail.exclude(recording="").values("recording")
    unneeded = parts.exclude(recording__in=Subquery(named)).limit(DELETED_AT_ONCE)
    ids = await unneeded.values_list("id", flat=True)
    if ids:
        await RecordingPart.filter(id__in=ids).using_db(transaction).delete()
    return len(ids) == DELETED_AT_ONCE


async def _parts(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the same bytes in parts of PART_BYTES."""
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        while len(gathered) >= PART_BYTES:
            yield bytes(gathered[:PART_BYTES])
            del gathered[:PART_BYTES]
    if gathered:
        yield bytes(gathered)
