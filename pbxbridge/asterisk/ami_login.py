"""Logging in to AMI."""

from pbxbridge.asterisk.ami_connection import AmiConnection, within
from pbxbridge.asterisk.ami_message import event_name
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings


class LoginRefused(AsteriskUnavailable):
    """Asterisk does not take the user name or the secret."""


async def login(connection: AmiConnection, settings: NodeSettings, *, events: str) -> None:
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
    why = (
        "Asterisk did not say FullyBooted: it is still starting, or the AMI user has no read right "
        "`system` (manager.conf: read = system,call,agent)."
    )
    async with within(time_limit, why):
        while "FullyBooted" not in map(event_name, await connection.next_messages()):
            pass
