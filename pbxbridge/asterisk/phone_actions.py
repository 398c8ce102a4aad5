"""What is asked of phones by way of Asterisk.

PJSIPNotify (res_pjsip_notify) sends a NOTIFY outside any dialog to every contact of an endpoint; it
needs the write class ``system``. Each ``Variable`` is a header of it.
https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Actions/PJSIPNotify/
"""

from __future__ import annotations

from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable


async def check_sync(link: Link, endpoint: str, event: str) -> None:
    """Send the NOTIFY that has a phone fetch its configuration; ``event`` is its Event header.

    That Asterisk took it does not say that the phone did. Raises AsteriskUnavailable.
    """
    answer = await link.action("PJSIPNotify", Endpoint=endpoint, Variable=f"Event={event}")
    if not answer.success:
        raise AsteriskUnavailable(f"Asterisk answered: {answer.message}.")
