"""What counts as an e-mail address, in settings and on the screen."""

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# A PBX on a LAN mails to addresses such as reception@pbx.local; this is how email-validator's
# manual says to admit them.
for _local in ("local", "localhost"):
    SPECIAL_USE_DOMAIN_NAMES.remove(_local)


def checked_address(value: str) -> str:
    """Return a bare e-mail address, normalised.

    Addresses of the internet (RFC 5321, 6531) and of a LAN are taken; that the domain exists is
    not checked. Raises ValueError with a sentence for the person who typed it.
    """
    try:
        return validate_email(
            value,
            check_deliverability=False,
            globally_deliverable=False,
            allow_domain_literal=True,
        ).normalized
    except EmailNotValidError as why:
        raise ValueError(f"This is not an e-mail address. {why}") from why
