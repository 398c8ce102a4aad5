"""ARI: the probe of ``pbxbridge check``.

Source: https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Asterisk_REST_Interface/
"""

import aiohttp

from pbxbridge.asterisk.ari_http import read_only_sentence
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings


async def asterisk_version(settings: NodeSettings, time_limit: float = 5.0) -> str:
    """Log in to ARI and return Asterisk's version; ``time_limit`` is in seconds.

    Makes sure that the user may write, too, by what changes nothing: the end of a subscription that
    there is not. Raises AsteriskUnavailable with a sentence for the administrator.
    """
    base = settings.ari_url.rstrip("/")
    secret = settings.ari_secret.get_secret_value()
    login = {"Authorization": aiohttp.encode_basic_auth(settings.ari_user, secret)}
    timeout = aiohttp.ClientTimeout(total=time_limit)
    try:
        async with (
            aiohttp.ClientSession(headers=login, timeout=timeout) as session,
            session.get(f"{base}/ari/asterisk/info", params={"only": "system"}) as response,
        ):
            if response.status in {401, 403}:
                raise AsteriskUnavailable(
                    f"Asterisk refused the ARI login of user {settings.ari_user}."
                )
            response.raise_for_status()
            version = str((await response.json())["system"]["version"])
            async with session.delete(f"{base}/ari/applications/pbxbridge/subscription") as answer:
                if answer.status == 403:
                    raise AsteriskUnavailable(read_only_sentence(settings.ari_user))
            return version
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        reason = str(error) or f"no answer in {time_limit:g} s"
        raise AsteriskUnavailable(f"No ARI at {settings.ari_url}: {reason}.") from error
