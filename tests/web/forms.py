"""What an administrator types into the extension editor."""


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
        "forward_all": "",
    } | fields
