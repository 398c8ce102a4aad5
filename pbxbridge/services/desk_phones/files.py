"""Hands a phone its configuration: makes the file, and puts down that it did."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from tortoise.backends.base.client import TransactionalDBClient

from dialplan.feature_codes import MY_VOICEMAIL
from pbxbridge.errors import NotFound, PbxBridgeError
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import Extension
from pbxbridge.own_files import Problem
from pbxbridge.phone_settings import PhoneSettings
from pbxbridge.phones.make import Make
from pbxbridge.phones.makes import Makes
from pbxbridge.phones.variables import Line, Phone, Server, in_one_line, usual_port
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.desk_phones.addresses import NoSuchAddress, mac_of, phone_row
from pbxbridge.services.desk_phones.carrier import Carrier, carriers_of
from pbxbridge.services.secret_links import hash_of
from pbxbridge.services.sip_secrets import UNREADABLE, SipSecrets
from pbxbridge.services.stored_credentials import read_credentials

# Who fetches, in the audit.
PHONE = "phone"
_MAC = re.compile(r"[0-9a-f]{12}")

log = structlog.get_logger(__name__)


class NoFile(PbxBridgeError):
    """The file is there, and cannot be made now; the log says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which file, and the address that it is asked from.

    Unless ``is_fetched``, only whether it is there is asked for, which is not put down.
    """

    name: str
    address: str
    is_fetched: bool = True


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """What a phone fetches."""

    content_type: str
    text: str = field(repr=False)


class PhoneFiles:
    """The files of all phones."""

    def __init__(
        self,
        makes: Makes,
        secrets: SipSecrets,
        server: Server | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``server`` is where phones register, None if nobody said."""
        self._makes = makes
        self._secrets = secrets
        self._server = server
        self._now = clock

    async def by_token(self, token: str, asked: Asked, url: str) -> ConfigurationFile:
        """Return a file of the phone whose own address, the ``url``, has this token.

        Raises NoSuchAddress if it is none's, NotFound for a file that it has not, NoFile.
        """
        token_hash = hash_of(token)
        return await self._file(await mac_of(token_hash), asked, url, token_hash)

    async def by_mac(self, asked: Asked) -> ConfigurationFile:
        """Return a file by its name alone, which has the phone's MAC address in it.

        Raises NotFound, NoFile.
        """
        if found := _MAC.search(asked.name.lower()):
            return await self._file(found[0], asked)
        raise NotFound("There is no such file.")

    async def _file(
        self, mac: str, asked: Asked, url: str = "", token_hash: str = ""
    ) -> ConfigurationFile:
        async with write_transaction() as transaction:
            carrier = (await carriers_of([mac], transaction)).get(mac)
            if carrier is None:
                raise NoSuchAddress(f"No SIP extension has the MAC address {mac}.")
            row = await phone_row(transaction, carrier)
            if token_hash and row.token_hash != token_hash:
                raise NoSuchAddress("There is no such address.")
            make = self._makes.find(carrier.primary.phone_make)
            file = make.file(asked.name, mac) if make else None
            if make is None or file is None:
                raise NotFound("There is no such file.")
            phone = await self._phone(transaction, carrier, make, url)
            try:
                text = file.text_for(phone)
            except Problem as why:
                raise _refused(mac, str(why)) from why
            if asked.is_fetched:
                row.fetched_at = self._now()
                row.fetched_file, row.fetched_from = file.name_for(mac), asked.address
                await row.save(using_db=transaction)
                await _record(transaction, phone, row.fetched_file, asked.address)
        return ConfigurationFile(file.content_type, text)

    async def _phone(
        self, transaction: TransactionalDBClient, carrier: Carrier, make: Make, url: str
    ) -> Phone:
        if self._server is None:
            raise _refused(carrier.mac, "PBXBRIDGE_PHONES__SIP_HOST does not say where to register")
        shown = [row for row in carrier.extensions if row.registration_number <= make.lines]
        return Phone(
            mac=carrier.mac,
            make=make.name,
            model=in_one_line(carrier.primary.phone_model),
            lines=await self._lines(transaction, carrier.mac, shown),
            most_lines=make.lines,
            server=self._server,
            url=url,
        )

    async def _lines(
        self, transaction: TransactionalDBClient, mac: str, rows: Sequence[Extension]
    ) -> tuple[Line, ...]:
        numbers = [row.number for row in rows]
        credentials = await read_credentials(transaction, numbers, self._secrets)
        lines = []
        for row in rows:
            stored = credentials[row.number]
            secret = stored.auth_secret if row.auth_username else stored.secret
            if not secret or secret == UNREADABLE:
                raise _refused(mac, f"the secret of extension {row.number} cannot be read")
            lines.append(
                Line(
                    number=row.registration_number,
                    extension=row.number,
                    auth_user=row.auth_username or row.number,
                    secret=secret,
                    display_name=in_one_line(row.caller_id_name),
                    label=row.number,
                    voicemail=MY_VOICEMAIL if row.voicemail else "",
                )
            )
        return tuple(lines)


def server_of(settings: PhoneSettings, public_url: str) -> Server | None:
    """Return where phones register; None if neither setting says."""
    host = settings.sip_host or urlsplit(public_url).hostname
    port = settings.sip_port or usual_port(settings.sip_transport)
    return Server(host, port, settings.sip_transport) if host else None


async def _record(
    transaction: TransactionalDBClient, phone: Phone, file: str, address: str
) -> None:
    after = {"file": file, "lines": [line.extension for line in phone.lines]}
    action = "phone.configuration-fetched"
    await audit.record(transaction, Actor(PHONE, address), action, phone.mac, after=after)


def _refused(mac: str, why: str) -> NoFile:
    log.error("phones.file_refused", mac=mac, reason=why)
    return NoFile("The file cannot be made now.")
