"""Run the bridge with a real Asterisk, a mail catcher and demo phones, until Ctrl-C."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from pbxbridge.log import configure_logging
from pbxbridge.phone_settings import InvitationSettings
from pbxbridge.service import prepare, running
from pbxbridge.settings import Settings, WebSettings
from tests.demo.customer import run_customer
from tests.demo.seed import AGENTS, CUSTOMER, PHONES, QUEUE, QUEUE_NUMBER, SOFTPHONE, Seeded, seed
from tests.demo.state import DemoState, load_state
from tests.rig.asterisk import AsteriskInstance
from tests.rig.mail_catcher import CaughtMail, MailCatcher
from tests.rig.system import settings_for
from tests.sip import run_demo_phone

FOLDER = Path(os.environ.get("PBXBRIDGE_DEMO_FOLDER", "run"))
# Where SIP and the portal listen; an address of this machine lets phones and browsers of the
# network in. SIP writes it into messages, so a wildcard will not do.
BIND = os.environ.get("PBXBRIDGE_DEMO_BIND", "127.0.0.1")
# A place that stands for where the softphone of the invitations is got.
DOWNLOAD_URL = "https://example.com/intellaphone"
QUALIFY_SECONDS = 10
RING_SECONDS = 20

console = Console(highlight=False)


async def main() -> None:
    """Set up, run, and take everything down again."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    state = load_state(FOLDER)
    async with AsyncExitStack() as stack:
        catcher = await _start_mail_catcher(stack)
        asterisk = _asterisk(state)
        settings = settings_for(
            asterisk,
            catcher,
            qualify_seconds=QUALIFY_SECONDS,
            ring_seconds=RING_SECONDS,
            web=WebSettings(
                host=BIND, port=state.web_port, public_url=f"http://{BIND}:{state.web_port}"
            ),
            key=state.sealing_key,
        )
        settings.invitation = InvitationSettings(download_url=DOWNLOAD_URL)
        _write_environment(settings)
        configure_logging(settings.log)
        console.print("== Preparing the database")
        await prepare(settings)
        seeded = await seed(settings)
        console.print("== Starting Asterisk")
        await stack.enter_async_context(asterisk)
        console.print("== Starting the bridge and the demo phones")
        address = await stack.enter_async_context(running(settings))
        phones = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [
            phones.create_task(
                run_demo_phone(
                    number, seeded.secrets[number], BIND, asterisk.ports.sip, bind_host=BIND
                ),
                name=f"phone-{number}",
            )
            for number in PHONES
        ]
        customer = run_customer(
            CUSTOMER,
            seeded.secrets[CUSTOMER],
            BIND,
            asterisk.ports.sip,
            QUEUE_NUMBER,
            bind_host=BIND,
        )
        tasks.append(phones.create_task(customer, name=f"phone-{CUSTOMER}"))
        _tell(address, asterisk, seeded, catcher)
        await stop.wait()
        console.print("== Stopping")
        for task in tasks:
            task.cancel()
    console.print("Stopped. The data stays in", str(FOLDER), "for the next run.")


async def _start_mail_catcher(stack: AsyncExitStack) -> MailCatcher:
    def tell(mail: CaughtMail) -> None:
        console.print(
            f"Mail caught: {mail.message['Subject']} (in {FOLDER / 'mail'})", markup=False
        )

    catcher = MailCatcher(folder=FOLDER / "mail", on_mail=tell)
    return await stack.enter_async_context(catcher.listening())


def _asterisk(state: DemoState) -> AsteriskInstance:
    return AsteriskInstance(
        folder=(FOLDER / "asterisk").absolute(),
        database=(FOLDER / "pbxbridge.sqlite3").absolute(),
        ports=state.ports,
        ami_secret=state.ami_secret,
        ari_secret=state.ari_secret,
        bind=BIND,
    )


def _write_environment(settings: Settings) -> None:
    """Let a person run `pbxbridge check` and the like against the demo: `. run/environment`."""
    values = {
        "DATABASE__URL": settings.database.url.get_secret_value(),
        "ASTERISK__AMI_PORT": settings.asterisk.ami_port,
        "ASTERISK__AMI_SECRET": settings.asterisk.ami_secret.get_secret_value(),
        "ASTERISK__ARI_URL": settings.asterisk.ari_url,
        "ASTERISK__ARI_SECRET": settings.asterisk.ari_secret.get_secret_value(),
        "ASTERISK__QUALIFY_FREQUENCY": settings.asterisk.qualify_frequency,
        "ASTERISK__RING_TIME": settings.asterisk.ring_time,
        "SMTP__HOST": settings.smtp.host,
        "SMTP__PORT": settings.smtp.port,
        "VOICEMAIL__SPOOL": settings.voicemail.spool,
        "INVITATION__DOWNLOAD_URL": DOWNLOAD_URL,
        "WEB__PUBLIC_URL": settings.web.public_url,
        "PHONES__SIP_HOST": settings.phones.sip_host,
        "PHONES__SIP_PORT": settings.phones.sip_port,
        "SECRETS__KEYS": settings.secrets.keys.get_secret_value(),
    }
    path = FOLDER / "environment"
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"export PBXBRIDGE_{name}='{value}'\n" for name, value in values.items())
    )


def _tell(address: str, asterisk: AsteriskInstance, seeded: Seeded, catcher: MailCatcher) -> None:
    console.rule("pbxbridge is running")
    console.print(f"Portal      {address}")
    if seeded.admin_password:
        console.print(f"Sign in     admin / {seeded.admin_password}", markup=False)
        console.print("            (a one-time password, shown only now; you choose your own)")
    else:
        console.print("Sign in     admin, with the password that you chose")
        console.print(
            "            (lost? . run/environment && .venv/bin/pbxbridge create-admin ANOTHER)"
        )
    console.print(f"Phones      {' and '.join(PHONES)} are registered and answer with a tone")
    console.print(f"Your own    register a softphone as {SOFTPHONE}:")
    console.print(f"              server    {BIND}:{asterisk.ports.sip} (UDP)")
    console.print(f"              user      {SOFTPHONE}")
    console.print(f"              secret    {seeded.secrets[SOFTPHONE]}", markup=False)
    console.print("            then call 1001, *43 (echo test) or *97 (voicemail)")
    console.print(f"Call centre {CUSTOMER} calls the queue {QUEUE} ({QUEUE_NUMBER}) now and then")
    console.print(f"            see {address.rstrip('/')}/wallboard")
    console.print(f"            then log an agent in at {PHONES[0]}, on the Agents screen,")
    console.print("            or with *45 at your softphone:")
    for number, (_, _, pin) in AGENTS.items():
        console.print(f"              agent     {number}, PIN {pin}")
    console.print(f"Mail        is caught on port {catcher.port} and kept in {FOLDER / 'mail'}")
    console.print(f"Check       . {FOLDER / 'environment'} && .venv/bin/pbxbridge check")
    console.print("Stop        Ctrl-C")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except OSError as wrong:
        sys.exit(f"Could not start: {wrong}")
