"""What counts as an e-mail address, in settings and on the screen."""

import re
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# A PBX on a LAN mails to addresses such as reception@pbx.local; this is how email-validator's
# manual says to admit them.
for _local in ("local", "localhost"):
    SPECIAL_USE_DOMAIN_NAMES.remove(_local)


# The usual kind of local part, of which validate_email changes nothing and refuses nothing.
_USUAL = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*")
_USUAL_LENGTH = 100
_LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1


def checked_address(value: str) -> str:
    """Return a bare e-mail address, normalised.

    Addresses of the internet (RFC 5321, 6531) and of a LAN are taken; that the domain exists is
    not checked. Raises ValueError with a sentence for the person who typed it.
    """
    local, _, domain = value.rpartition("@")
    if len(value) <= _USUAL_LENGTH and len(local) <= _LOCAL_LENGTH and _USUAL.fullmatch(local):
        return local + _checked_domain(domain)
    return _checked(value)


@lru_cache(maxsize=1000)
def _checked_domain(domain: str) -> str:
    """Return ``@`` and the normalised domain; remembered, for a file names few a thousand times."""
    return _checked(f"x@{domain}")[1:]


def _checked(value: str) -> str:
    try:
        return validate_email(
            value,
            check_deliverability=False,
            globally_deliverable=False,
            allow_domain_literal=True,
        ).normalized
    except EmailNotValidError as why:
        # The library's own words are for its developers, and spell it another way.
        raise ValueError("Enter an e-mail address, such as ada@example.com.") from why
