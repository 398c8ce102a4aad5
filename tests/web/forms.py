"""What an administrator types into the extension editor, and what is there already."""

from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions


def typed(number: str = "1001", name: str = "Ada", **fields: str) -> dict[str, str]:
    """Return the editor's fields; a box that is not ticked is not among them."""
    return {
        "number": number,
        "device_type": "SIP",
        "caller_id_name": name,
        "class_of_service": "internal",
        "monitored": "on",
        "voicemail_pin": "",
        "voicemail_email": "",
        "voicemail_audio": "wav",
        "voicemail_after_sending": "keep",
        "voicemail_language": "",
        "voicemail_time_zone": "",
        "forward_all": "",
    } | fields


async def numbers(extensions: Extensions) -> list[str]:
    """Return the numbers of all extensions, in dialling order."""
    return [one.number for one in (await extensions.page(per_page=1000)).items]


async def add(extensions: Extensions, admin: Actor, *wanted: str, **fields: object) -> None:
    """Create extensions with these numbers."""
    for number in wanted:
        values = {"number": number, "caller_id_name": f"Desk {number}"} | fields
        await extensions.create(admin, parse_extension(values))
