"""What the dialplan knows of a PIN that is typed at a phone."""

import hashlib
import re

_PIN_HASH = re.compile(r"[0-9a-f]{8}\.[0-9a-f]{32}")


def pin_hash(pin: str, salt: str) -> str:
    """Return what the dialplan compares with; ``salt`` is 8 hexadecimal digits.

    MD5, for the dialplan has no other function. Of so few digits no hash would keep the secret
    from who can read the database: it only keeps it off screens and logs.
    """
    digest = hashlib.md5(f"{salt}{pin}".encode(), usedforsecurity=False).hexdigest()
    return f"{salt}.{digest}"


def is_pin_hash(text: str) -> bool:
    """Whether a text may be such a hash."""
    return bool(_PIN_HASH.fullmatch(text))
