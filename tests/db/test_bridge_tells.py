"""From Asterisk's event to history, alert and webhook: the whole bridge."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr

from pbxbridge.events import EventBus
from pbxbridge.models.alert import DownPhone
from pbxbridge.models.database import open_database
from pbxbridge.models.node import StateChange
from pbxbridge.service import running
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.states.history import History
from pbxbridge.settings import AsteriskSettings, DatabaseSettings, Settings, WebSettings
from tests.db.webhook_receiver import Receiver
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET, contact_status, fake_ami
from tests.rig.extensions import delete_knowingly, extensions_on

URI = "sip:1001@192.0.2.1:5060"


async def test_what_asterisk_says_is_kept_and_told_and_goes_with_the_extension(
    database_url: str, bus: EventBus, admin: Actor
) -> None:
    async with Receiver().listening() as receiver, fake_ami() as ami:
        settings = Settings(
            database=DatabaseSettings(url=SecretStr(database_url)),
            asterisk=AsteriskSettings(ami_port=ami.port, ami_secret=SecretStr(SECRET)),
            web=WebSettings(port=0),
            webhook=receiver.settings(),
        )

        def told() -> list[str]:
            return [change["status"] for body in receiver.taken for change in body["changes"]]

        async with open_database(database_url):
            fields = {"number": "1001", "caller_id_name": "Ada"}
            await extensions_on(bus).create(admin, parse_extension(fields))
        ami.contacts = [("1001", URI, "Reachable")]
        async with running(settings, bus):
            await eventually(lambda: told() == ["OK"])
            ami.send(contact_status("1001", URI, "Unreachable"))
            await eventually(lambda: told() == ["OK", "UNREACHABLE"])
            (history,) = await History(timedelta(days=30)).of("1001")
            assert (history.flaps, history.last_ip) == (1, "192.0.2.1")
            assert await DownPhone.filter(endpoint="1001").exists()
            await delete_knowingly(extensions_on(bus), admin, "1001")
            assert not await StateChange.exists()
            assert not await DownPhone.exists()
