"""Ten thousand extensions at once: the same rows as a save makes, in bulk."""

from collections import defaultdict

from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.realtime.rows import ExtensionFacts, RealtimeRows, SipDevice, rows_of
from pbxbridge.services.extension_view import pin_digest, sort_key
from pbxbridge.services.licences import count_licences
from pbxbridge.services.realtime_writer import rows_by_table

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
    rows = defaultdict(list)
    for number in numbers(count):
        for model, _, columns in rows_by_table(str(number), _rows(number)):
            if columns is not None:
                rows[model].append(model(**columns))
    async with write_transaction() as transaction:
        await Extension.bulk_create(map(_extension, numbers(count)), using_db=transaction)
        for model, some in rows.items():
            await model.bulk_create(some, using_db=transaction)
    await count_licences()


def _extension(number: int) -> Extension:
    return Extension(
        number=str(number),
        sort_key=sort_key(str(number)),
        device_type="SIP",
        caller_id_name=name_of(number),
        class_of_service_id="internal",
        monitored=True,
        voicemail=True,
        voicemail_email="",
        forward_all="",
        pin_digest=pin_digest(str(number), PIN),
    )


def _rows(number: int) -> RealtimeRows:
    return rows_of(
        ExtensionFacts(
            number=str(number),
            caller_id_name=name_of(number),
            device=SipDevice(f"secret-of-{number}", qualify_frequency=60),
            class_of_service="internal",
            pin=PIN,
            ring_time=20,
        )
    )
