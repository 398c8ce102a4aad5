"""A phone that fetches its files: a Yealink, with what it asks and what it gets."""

from __future__ import annotations

from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.desk_phones.files import Asked
from tests.rig.desk_phones import PUBLIC_URL

MAC, OTHER = "0004f2a1b2c3", "0004f2ffffff"
FILE = f"{MAC}.cfg"
FETCHED = "phone.configuration-fetched"


def asked(name: str = FILE, *, is_fetched: bool = True) -> Asked:
    return Asked(name, "192.0.2.7", is_fetched)


async def token_for(phones: DeskPhones, admin: Actor, mac: str = MAC) -> str:
    made = await phones.new_address(admin, mac)
    assert made.entered.startswith(f"{PUBLIC_URL}/provision/")
    return made.entered.rpartition("/")[2]


async def fetched(phones: DeskPhones, token: str, name: str = FILE) -> str:
    return (await phones.file_by_token(token, asked(name))).text
