"""The list of phones: the MAC addresses that extensions have, and what is known of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pbxbridge.models.extension import Extension
from pbxbridge.models.phone import DeskPhone
from pbxbridge.phones.makes import Makes
from pbxbridge.services.column import with_part
from pbxbridge.services.desk_phones.carrier import Carrier, carrier_of, carriers_of
from pbxbridge.services.extension_input import SIP_TYPES
from pbxbridge.services.paging import within

_SEARCHED = ("mac", "number", "caller_id_name", "phone_make", "phone_model")
_PART_OF_MAC = re.compile(r"[0-9a-fA-F]{2}[:.\- ][0-9a-fA-F:.\- ]*")


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """An extension on a phone; ``is_beyond`` means that its make's files have no such place."""

    place: int
    number: str
    name: str
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A phone as the portal shows it; all times are in UTC.

    ``can_fetch`` means that there are files for its make, ``can_resync`` that it can be told to
    fetch them.
    """

    mac: str
    make: str
    model: str
    lines: Sequence[PhoneLine]
    can_fetch: bool
    can_resync: bool
    made_at: datetime | None
    fetched_at: datetime | None
    fetched_file: str
    fetched_from: str

    @property
    def shown_mac(self) -> str:
        """The MAC address as people write it."""
        return ":".join(self.mac[place : place + 2] for place in range(0, len(self.mac), 2))


@dataclass(frozen=True, slots=True)
class PhonePage:
    """One page of the list; ``page`` counts from 1, ``total`` is over all pages."""

    items: list[PhoneView]
    total: int
    page: int
    pages: int


async def read_phones(makes: Makes, search: str, page: int, per_page: int) -> PhonePage:
    """Return one page, by MAC address, of the phones that have ``search`` in what is shown."""
    found = Extension.filter(mac__gt="", device_type__in=[str(kind) for kind in SIP_TYPES])
    if _PART_OF_MAC.fullmatch(search):
        found = with_part(found, ("mac",), re.sub(r"[:.\- ]", "", search))
    elif search:
        found = with_part(found, _SEARCHED, search)
    macs = [
        str(mac) for mac in await found.distinct().order_by("mac").values_list("mac", flat=True)
    ]
    page, pages = within(page, len(macs), per_page)
    shown = macs[(page - 1) * per_page : page * per_page]
    return PhonePage(await _views(makes, shown), len(macs), page, pages)


async def read_phone(makes: Makes, mac: str) -> PhoneView:
    """Return one phone. Raises NotFound."""
    return _view(makes, await carrier_of(mac), await DeskPhone.get_or_none(mac=mac))


async def _views(makes: Makes, macs: Sequence[str]) -> list[PhoneView]:
    carriers = await carriers_of(macs)
    rows = {row.mac: row for row in await DeskPhone.filter(mac__in=list(macs))}
    return [_view(makes, carriers[mac], rows.get(mac)) for mac in macs if mac in carriers]


def _view(makes: Makes, carrier: Carrier, row: DeskPhone | None) -> PhoneView:
    primary = carrier.primary
    if row is not None and row.extension_id != primary.id:
        row = None  # of another's phone
    make = makes.find(primary.phone_make)
    can_fetch = make is not None and bool(make.files)
    return PhoneView(
        mac=carrier.mac,
        make=primary.phone_make,
        model=primary.phone_model,
        lines=[
            PhoneLine(
                each.registration_number,
                each.number,
                each.caller_id_name,
                make is not None and can_fetch and each.registration_number > make.lines,
            )
            for each in carrier.extensions
        ],
        can_fetch=can_fetch,
        can_resync=make is not None and bool(make.check_sync),
        made_at=row.token_made_at if row else None,
        fetched_at=row.fetched_at if row else None,
        fetched_file=row.fetched_file if row else "",
        fetched_from=row.fetched_from if row else "",
    )
