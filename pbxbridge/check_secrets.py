"""Are SIP secrets stored as the settings say, and can the bridge read all of them?"""

from __future__ import annotations

from pbxbridge.check_result import Result
from pbxbridge.services.secrets_at_rest import stored_otherwise, unreadable_secrets
from pbxbridge.services.sip_secrets import SipSecrets

NAME = "SIP secrets"
_IN_CLEAR = "in clear in ps_auths"


async def secrets_result(secrets: SipSecrets) -> Result:
    """Look through the extensions of the open database."""
    if count := await unreadable_secrets(secrets):
        return Result(
            NAME,
            False,
            f"of {count} extensions no key opens the secret",
            "Put the key that is missing into PBXBRIDGE_SECRETS__KEYS, behind the present one.",
        )
    if waiting := len(await stored_otherwise(secrets)):
        return Result(
            NAME,
            False,
            f"those of {waiting} extensions are not stored as the settings say",
            "Start the bridge: it stores them anew.",
        )
    if secrets.sealing:
        return Result(NAME, True, "digests in ps_auths, and sealed with the present key")
    advice = "" if secrets.seal else ": with PBXBRIDGE_SECRETS__KEYS they would be digests"
    return Result(NAME, True, f"{_IN_CLEAR}{advice}")
