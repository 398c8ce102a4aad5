"""What may be typed into the Extensions editor: one model for the form, the CLI and the API.

Rules: ../../docs/extensions.md, from the Extensions screen's own description. Numbers are strings
everywhere, so leading zeros survive.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from pbxbridge.email_address import checked_address
from pbxbridge.errors import Invalid

NUMBER_LENGTH = 20
PIN_LENGTH = range(4, 13)
# ps_endpoints.callerid holds 40 characters in Asterisk's own schema: "name" <number>.
CALLERID_COLUMN = 40
CALLERID_PUNCTUATION = len('"" <>')


def _problem(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("rule", "{sentence}", {"sentence": sentence})


def _number(value: str) -> str:
    if not value:
        raise _problem("Enter the extension's number.")
    if not re.fullmatch(r"[0-9]+", value):
        raise _problem("Use digits only.")
    if len(value) > NUMBER_LENGTH:
        raise _problem(f"Use at most {NUMBER_LENGTH} digits.")
    return value


def _caller_id_name(value: str) -> str:
    if not value:
        raise _problem("Enter the name that phones show for this extension.")
    if not value.isprintable():
        raise _problem("Line breaks and control characters cannot be part of a name.")
    if found := sorted(set(value) & set('"<>\\')):
        raise _problem(f"These characters cannot be part of a caller ID name: {' '.join(found)}")
    return value


def _pin(value: str) -> str:
    if not value:
        return value
    if not re.fullmatch(r"[0-9]+", value):
        raise _problem("Use digits only.")
    if len(value) not in PIN_LENGTH:
        raise _problem(f"Use {PIN_LENGTH.start} to {PIN_LENGTH.stop - 1} digits.")
    return value


def _email(value: str) -> str:
    if not value:
        return value
    try:
        return checked_address(value)
    except ValueError as why:
        raise _problem(str(why)) from why


def _forward(value: str) -> str:
    if value and not re.fullmatch(r"\+?[0-9]{1,20}", value):
        raise _problem("Use digits only, at most 20, with an optional + in front.")
    return value


Stripped = BeforeValidator(lambda value: value.strip() if isinstance(value, str) else value)


class ExtensionInput(BaseModel):
    """An extension as an administrator asks for it.

    ``voicemail_pin`` left empty keeps the box's present PIN; a new box needs one.
    ``forward_all`` empty means that calls are not forwarded.
    ``monitored`` off means that Asterisk does not qualify the device (status UNMONITORED).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[str, Stripped, AfterValidator(_number)]
    device_type: Literal["SIP"] = "SIP"
    caller_id_name: Annotated[str, Stripped, AfterValidator(_caller_id_name)]
    class_of_service: Annotated[str, Stripped] = "internal"
    monitored: bool = True
    voicemail: bool = False
    voicemail_pin: Annotated[str, Stripped, AfterValidator(_pin)] = ""
    voicemail_email: Annotated[str, Stripped, AfterValidator(_email)] = ""
    forward_all: Annotated[str, Stripped, AfterValidator(_forward)] = ""

    @field_validator("voicemail_pin", "voicemail_email", mode="before")
    @classmethod
    def _needs_a_box(cls, value: object, info: ValidationInfo) -> object:
        # The screen hides the fields of a box that is off: they are neither kept nor complained of.
        return value if info.data.get("voicemail") else ""

    @field_validator("caller_id_name")
    @classmethod
    def _fits_the_column(cls, name: str, info: ValidationInfo) -> str:
        room = CALLERID_COLUMN - CALLERID_PUNCTUATION - len(info.data.get("number", ""))
        if len(name) > room:
            raise _problem(f"Use at most {room} characters.")
        return name

    @field_validator("voicemail_pin")
    @classmethod
    def _pin_is_not_the_number(cls, pin: str, info: ValidationInfo) -> str:
        if pin and pin == info.data.get("number"):
            raise _problem("The PIN must not be the extension's own number.")
        return pin

    @field_validator("forward_all")
    @classmethod
    def _forward_is_not_itself(cls, target: str, info: ValidationInfo) -> str:
        if target and target == info.data.get("number"):
            raise _problem("An extension cannot be forwarded to itself.")
        return target


def parse_extension(values: Mapping[str, Any]) -> ExtensionInput:
    """Check typed values.

    Raises Invalid with one sentence per field.
    """
    try:
        return ExtensionInput.model_validate(dict(values))
    except ValidationError as error:
        fields: dict[str, str] = {}
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0]) if problem["loc"] else ""
            fields.setdefault(name, _sentence(problem["type"], problem["msg"]))
        raise Invalid(fields) from error


def _sentence(kind: str, message: str) -> str:
    known = {
        "missing": "This field is required.",
        "extra_forbidden": "There is no such field.",
        "literal_error": "Choose one of the list.",
    }
    return known.get(kind, message)
