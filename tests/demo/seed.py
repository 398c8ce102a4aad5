"""The first admin, some extensions and a small call centre, made as a person would."""

from dataclasses import dataclass
from datetime import timedelta

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.settings import Settings
from pbxbridge.site import site_of

PHONES = ("1001", "1002")
SOFTPHONE = "1003"
# Calls the queue now and then.
CUSTOMER = "1004"
NAMES = {
    "1001": "Alice Archer",
    "1002": "Bob Baker",
    SOFTPHONE: "Your softphone",
    CUSTOMER: "Carol Customer",
}
QUEUE, QUEUE_NUMBER = "sales", "600"
# First name, last name and PIN of each.
AGENTS = {"101": ("Alice", "Archer", "4101"), "102": ("Bob", "Baker", "4102")}
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
        await _seed_call_centre()
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
        agent_logins=number != CUSTOMER,
    )


async def _seed_call_centre() -> None:
    agents, queues = Agents(EventBus(), None, ()), Queues(EventBus())
    present = await agents.names()
    for number, (first_name, last_name, pin) in AGENTS.items():
        if number not in present:
            said = {"first_name": first_name, "last_name": last_name, "pin": pin}
            await agents.create(ACTOR, {"number": number, **said})
    if not await queues.all():
        wanted = {"name": QUEUE, "number": QUEUE_NUMBER, "wrap_up": 5, "agents": sorted(AGENTS)}
        await queues.create(ACTOR, wanted)
