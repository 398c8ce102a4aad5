"""Where a mailbox's messages are mailed: one address, or several with commas between them."""

SEPARATOR = ", "


def addresses_of(voicemail_email: str) -> tuple[str, ...]:
    """Return the addresses of an extension's field ``voicemail_email``."""
    return tuple(each for each in voicemail_email.split(SEPARATOR) if each)
