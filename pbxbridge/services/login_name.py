"""Login names: how they are stored and looked up, and what a new one may be."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from pbxbridge.errors import Invalid
from pbxbridge.services.parsing import parse, problem, strip

LOGIN_LENGTH = 64
# Far beyond a login name, so that what form C makes of it is beyond one too.
LONGEST_TYPED = 1000
# They separate login names where several are typed into one field (extension_fields.py).
SEPARATORS = frozenset(",;")


def normalised_login(typed: str) -> str:
    """Return the form in which a login name is stored and looked up.

    Lower case in Unicode's form C, as RFC 8265 (section 3.3) has it for user names. What is longer
    than any login name is cut, yet stays too long to be one.
    """
    name = typed[:LONGEST_TYPED].strip().lower()
    return unicodedata.normalize("NFC", name)[: LOGIN_LENGTH + 1]


def checked_login(typed: str) -> str:
    """Return a new user's login name as it is stored. Raises Invalid for the field ``login``."""
    if typed != typed.strip():
        raise Invalid({"login": "Blanks cannot stand at the ends of a login name."})
    return parse(_NewLogin, {"login": typed}).login


def _login(typed: str) -> str:
    login = normalised_login(typed)
    if not login:
        raise problem("Enter a login name.")
    if len(login) > LOGIN_LENGTH:
        raise problem(f"Use at most {LOGIN_LENGTH} characters.")
    if not login.isprintable():
        raise problem("Line breaks and control characters cannot be part of a login name.")
    if " " in login or SEPARATORS & set(login):
        raise problem("Blanks, commas and semicolons cannot be part of a login name.")
    # A browser takes these for steps in a path: https://url.spec.whatwg.org/#double-dot-path-segment
    if not login.strip("."):
        raise problem("A login name needs more than dots.")
    return login


LoginName = Annotated[str, strip, AfterValidator(_login)]


class _NewLogin(BaseModel):
    login: LoginName
