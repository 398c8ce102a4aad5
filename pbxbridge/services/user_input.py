"""What may be typed about a person: one model for the form and the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from pbxbridge.models.people import Role
from pbxbridge.services.extension_fields import EmailAddress, Number
from pbxbridge.services.login_name import LoginName
from pbxbridge.services.parsing import no_doubles, problem, split, strip

NAME_LENGTH = 80


def _name(typed: str) -> str:
    if len(typed) > NAME_LENGTH:
        raise problem(f"Use at most {NAME_LENGTH} characters.")
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be part of a name.")
    return typed


class UserInput(BaseModel):
    """A person as an administrator asks for them.

    ``email`` may be empty: such a person cannot reset a forgotten password alone. ``extensions``
    are the numbers of extensions that exist; their order means nothing, and a form may send them as
    one text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    login: LoginName
    name: Annotated[str, strip, AfterValidator(_name)] = ""
    email: EmailAddress = ""
    role: Role
    extensions: Annotated[list[Number], split, no_doubles] = []
