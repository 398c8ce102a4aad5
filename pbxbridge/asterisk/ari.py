"""ARI: the probe of ``pbxbridge check``.

Source: https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Asterisk_REST_Interface/
"""

from pbxbridge.asterisk.ari_http import AriHttp, AriRefused
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings

_FORBIDDEN = 403


async def asterisk_version(settings: NodeSettings) -> str:
    """Log in to ARI and return Asterisk's version.

    Makes sure that the user may write, too, by what changes nothing: the end of a subscription that
    there is not. Raises AsteriskUnavailable with a sentence for the administrator.
    """
    http = AriHttp(settings)
    try:
        answer = await http.request("GET", "/ari/asterisk/info", {"only": "system"})
        version = str(answer.json()["system"]["version"])
        await _end_of_nothing(http)
    except (ValueError, KeyError) as why:
        raise AsteriskUnavailable(f"No ARI at {settings.ari_url}: {why}.") from why
    finally:
        await http.close()
    return version


async def _end_of_nothing(http: AriHttp) -> None:
    try:
        await http.request("DELETE", "/ari/applications/pbxbridge/subscription")
    except AriRefused as why:
        if why.status == _FORBIDDEN:
            raise
