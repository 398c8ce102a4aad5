"""The first admin and three extensions, made through the services as a person would."""

from dataclasses import dataclass
from datetime import timedelta

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.settings import Settings
from pbxbridge.site import site_of

PHONES = ("1001", "1002")
SOFTPHONE = "1003"
NAMES = {"1001": "Alice Archer", "1002": "Bob Baker", SOFTPHONE: "Your softphone"}
ACTOR = Actor("demo", "")


@dataclass(frozen=True)
class Seeded:
    """SIP secrets by extension; the admin's one-time password at the first run, else empty."""

    secrets: dict[str, str]
    admin_password: str


async def seed(settings: Settings) -> Seeded:
    """Make what is missing; what is there stays."""
    async with open_database(settings.database.url.get_secret_value()):
        accounts = Accounts(idle=timedelta(hours=1), longest=timedelta(hours=1))
        password = "" if await accounts.any_user() else await accounts.create_admin("admin")
        extensions = Extensions(EventBus(), site_of(settings), Licences(None))
        present = await extensions.monitored()
        for number, name in NAMES.items():
            if number not in present:
                await extensions.create(ACTOR, _wanted(number, name))
        secrets = {number: await extensions.secret(ACTOR, number) for number in NAMES}
        return Seeded(secrets, password)


def _wanted(number: str, name: str) -> ExtensionInput:
    return ExtensionInput(
        number=number,
        caller_id_name=name,
        voicemail=True,
        voicemail_pin="8642",
        voicemail_email=f"{name.split(maxsplit=1)[0].lower()}@example.com",
        phone_make="IntellaPhone" if number == SOFTPHONE else "",
        phone_model="IntellaPhone PC" if number == SOFTPHONE else "",
    )
