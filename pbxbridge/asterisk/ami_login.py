"""Logging in to AMI, and whether the login may do what the bridge needs."""

from collections.abc import Iterable

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection, within
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import AsteriskSettings

ANSWER_SECONDS = 5.0


class LoginRefused(AsteriskUnavailable):
    """Asterisk does not take the user name or the secret."""


async def login(connection: AmiConnection, settings: AsteriskSettings, *, events: str) -> None:
    """Log in and ask for these classes of events, ``off`` for none. Raises LoginRefused."""
    user = settings.ami_user
    secret = settings.ami_secret.get_secret_value()
    answer = await connection.action("Login", Username=user, Secret=secret, Events=events)
    if not answer.success:
        raise LoginRefused(f"Asterisk refused the AMI login of user {user}: {answer.message}.")


async def fully_booted(connection: AmiConnection, time_limit: float) -> None:
    """Wait for FullyBooted, which also greets logins that come later; lists fail before.

    ``time_limit`` is in seconds. Raises AsteriskUnavailable.
    """
    why = "Asterisk did not say FullyBooted: still starting, or no read right `system`."
    async with within(time_limit, why):
        while (await connection.next_message()).get("Event") != "FullyBooted":
            pass


async def check_rights(settings: AsteriskSettings, actions: Iterable[str]) -> None:
    """Log in and see that the user may perform each of these actions, and is sent events.

    Raises AsteriskUnavailable that names what is missing.
    """
    async with open_connection(settings.host, settings.ami_port, ANSWER_SECONDS) as connection:
        await login(connection, settings, events="system")
        await fully_booted(connection, ANSWER_SECONDS)
        # https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Actions/ListCommands/
        allowed = (await connection.action("ListCommands")).headers
    missing = [action for action in actions if action not in allowed]
    if missing:
        raise AsteriskUnavailable(
            f"AMI user {settings.ami_user} may not perform {', '.join(missing)}."
        )
