"""A population in which filters filter, made by the product's own import.

So every table holds what it holds at a site: Asterisk's rows, users, the audit of each creation,
the index for the search.

Some things are there as often at every size, so that a page that shows them shows as many rows
whatever the size: SPECIAL_NAME, the extensions of SPECIAL_USER, phones that do not answer. All
others are shares of the whole, independent of each other, and fill a page of 50 from a size of
1,000 on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from benchmarks.population import FIRST, PIN
from pbxbridge.events import EventBus
from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.database import open_database
from pbxbridge.models.people import Role, User
from pbxbridge.service import prepare
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import Licences
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.settings import AsteriskSettings, DatabaseSettings, Settings

SPECIAL_NAME, WITH_SPECIAL_NAME = "Quill", 8
SPECIAL_USER, OF_SPECIAL_USER = "sixty", 60
UNREACHABLE = 60
ADMIN = "admin"

# Files of the import, each a transaction of its own. A multiple of what repeats.
AT_ONCE = 10_000
# What a multiple of 20 begins: 1 VIRTUAL, 1 SIP-VIRTUAL on the next one's phone, 14 SIP, 2 IAX2,
# 2 DAHDI.
DEVICES = ("VIRTUAL", "SIP-VIRTUAL", *["SIP"] * 14, *["IAX2"] * 2, *["DAHDI"] * 2)
CLASSES = ("visitors", *["office"] * 3, *["internal"] * 6)
FORENAMES = ("Ada", "Alan", "Anita", "Barbara", "Carol", "Edsger", "Frances", "Grace", "Hedy")
SURNAMES = (
    "Adams",
    "Borg",
    "Curie",
    "Franklin",
    "Hopper",
    "Johnson",
    "Lamarr",
    "Liskov",
    "Noether",
)

Contacts = list[tuple[str, str, str]]


def number_of(place: int) -> str:
    """Return the number of one of the population."""
    return str(FIRST + place)


def device_of(place: int) -> str:
    """Return the device type of one of the population."""
    return DEVICES[place % len(DEVICES)]


def contacts_of(count: int) -> Contacts:
    """Return what Asterisk says of the phones: most answer, every seventh is not registered."""
    phones = [place for place in range(count) if device_of(place) == "SIP"]
    silent = set(_spread(phones, UNREACHABLE))
    return [
        (
            number_of(place),
            f"sip:{number_of(place)}@10.{place >> 16}.{place >> 8 & 255}.{place & 255}:5060",
            "Unreachable" if place in silent else "Reachable",
        )
        for index, place in enumerate(phones)
        if place in silent or index % 7
    ]


async def make_database(path: Path, count: int) -> str:
    """Make a database with ``count`` extensions and return the administrator's password."""
    url = SecretStr(f"sqlite://{path}")
    await prepare(Settings(database=DatabaseSettings(url=url)))
    site = AsteriskSettings()
    defaults = SiteDefaults(site.qualify_frequency, site.ring_time)
    transfer = Transfer(EventBus(), defaults, Licences(None))
    async with open_database(url.get_secret_value()):
        for name in sorted(set(CLASSES)):
            await ClassOfService.get_or_create({"description": name}, name=name)
        special = set(_spread(range(count), OF_SPECIAL_USER))
        users = {place: _users(place, special) for place in range(count)}
        logins = {login for some in users.values() for login in some}
        # Nobody signs in as one of them: that they have no password saves 50,000 hashes.
        people = [User(login=name, role=Role.USER, password_hash="") for name in sorted(logins)]
        await User.bulk_create(people)
        for first in range(0, count, AT_ONCE):
            some = range(first, min(first + AT_ONCE, count))
            plan = await transfer.plan(_file([_row(place, count, users[place]) for place in some]))
            if plan.errors:
                raise RuntimeError(f"the import failed: {plan.errors[:1]}")
            await transfer.apply(Actor(ADMIN, "127.0.0.1"), plan)
        accounts = Accounts(idle=timedelta.max, longest=timedelta.max)
        return await accounts.create_admin(ADMIN)


def _spread(places: Sequence[int], wanted: int) -> Sequence[int]:
    """Return so many of the places, as evenly as it goes."""
    return places[:: max(1, len(places) // wanted)][:wanted]


def _users(place: int, special: Collection[int]) -> list[str]:
    """Return who works at an extension: every other one has a person of its own."""
    own = [] if place % 2 else [f"person{place}"]
    return [*own, SPECIAL_USER] if place in special else own


def _row(place: int, count: int, users: Iterable[str]) -> dict[str, object]:
    device = device_of(place)
    block = place // len(DEVICES)
    surname = SURNAMES[place * 7 % len(SURNAMES)]
    if place in _spread(range(count), WITH_SPECIAL_NAME):
        surname = SPECIAL_NAME
    has_box = device == "VIRTUAL" or place % 3 != 0
    phone = place + 1 if device == "SIP-VIRTUAL" else place
    return {
        "number": number_of(place),
        "device_type": device,
        "caller_id_name": f"{FORENAMES[block % len(FORENAMES)]} {surname} Desk",
        "users": " ".join(users),
        "class_of_service": CLASSES[block % len(CLASSES)],
        "voicemail": "yes" if has_box else "no",
        "voicemail_pin": PIN if has_box else "",
        "voicemail_email": f"{number_of(place)}@example.com" if has_box else "",
        "dids": f"+49301{place:06d}" if place % 4 == 0 else "",
        "mac": f"{phone:012x}" if device.startswith("SIP") else "",
        "registration_number": 2 if device == "SIP-VIRTUAL" else 1,
        "dahdi_channel": "g0" if device == "DAHDI" else "",
    }


def _file(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
