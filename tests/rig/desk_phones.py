"""The service of desk phones as tests want it: wired by one call."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import SecretStr

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.board import Board
from pbxbridge.phone_settings import PhoneSettings
from pbxbridge.phones.makes import Makes
from pbxbridge.services.desk_phones.addresses import Addresses
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.desk_phones.files import PhoneFiles, server_of
from pbxbridge.services.desk_phones.resync import Notify, Resync
from pbxbridge.services.sip_secrets import IN_CLEAR, SipSecrets

PUBLIC_URL = "https://pbx.example.com"
PHONE_SETTINGS = PhoneSettings(
    networks=[ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")],
    user="phones",
    password=SecretStr("desk phones only"),
)


async def no_asterisk(_node: str, _endpoint: str, _event: str) -> None:
    """Stand for an Asterisk that is not there."""
    raise AsteriskUnavailable("Not connected to Asterisk yet.")


def desk_phones_on(
    board: Board,
    *,
    notify: Notify = no_asterisk,
    phones: PhoneSettings = PHONE_SETTINGS,
    public_url: str = PUBLIC_URL,
    secrets: SipSecrets = IN_CLEAR,
) -> DeskPhones:
    """Return a service on the open database."""
    makes = Makes(phones.makes)
    return DeskPhones(
        makes,
        Addresses(public_url, makes),
        PhoneFiles(makes, secrets, server_of(phones, public_url)),
        Resync(makes, board, notify),
    )
