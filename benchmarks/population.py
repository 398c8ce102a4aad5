"""Ten thousand extensions at once: the same rows as a save makes, in bulk."""

from collections.abc import Iterable, Iterator

from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import DialplanRow, PsAor, PsAuth, PsEndpoint, VoicemailBox
from pbxbridge.realtime.rows import ExtensionFacts, RealtimeRows, rows_of

FIRST = 100_000
PIN = "8642"


def numbers(count: int) -> range:
    """Return the numbers of the population."""
    return range(FIRST, FIRST + count)


def name_of(number: int) -> str:
    """Return the caller ID name of one of the population."""
    return f"Person {number}"


async def populate(count: int) -> None:
    """Write ``count`` extensions with voicemail."""
    rows = [_rows(number) for number in numbers(count)]
    async with write_transaction() as transaction:
        await Extension.bulk_create(map(_extension, numbers(count)), using_db=transaction)
        await PsAor.bulk_create((PsAor(**row.aor) for row in rows), using_db=transaction)
        await PsAuth.bulk_create((PsAuth(**row.auth) for row in rows), using_db=transaction)
        await PsEndpoint.bulk_create(
            (PsEndpoint(**row.endpoint) for row in rows), using_db=transaction
        )
        await VoicemailBox.bulk_create(_boxes(rows), using_db=transaction)
        await DialplanRow.bulk_create(
            (DialplanRow(**row.dialplan) for row in rows), using_db=transaction
        )


def _boxes(rows: Iterable[RealtimeRows]) -> Iterator[VoicemailBox]:
    return (VoicemailBox(**row.mailbox) for row in rows if row.mailbox is not None)


def _extension(number: int) -> Extension:
    return Extension(
        number=str(number),
        device_type="SIP",
        caller_id_name=name_of(number),
        class_of_service_id="internal",
        monitored=True,
        voicemail=True,
        voicemail_email="",
        forward_all="",
    )


def _rows(number: int) -> RealtimeRows:
    return rows_of(
        ExtensionFacts(
            number=str(number),
            caller_id_name=name_of(number),
            secret=f"secret-of-{number}",
            class_of_service="internal",
            pin=PIN,
            forward_all="",
            qualify_frequency=60,
            ring_time=20,
        )
    )
