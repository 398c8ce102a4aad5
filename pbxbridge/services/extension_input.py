"""What may be asked of an extension: one model for the form, the API, the CSV file and the CLI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import AfterSending, DeviceType, VoicemailAudio
from pbxbridge.services.extension_fields import (
    AuthUsername,
    CallerIdName,
    DahdiChannel,
    Dids,
    EmailAddresses,
    Language,
    Logins,
    Mac,
    Name,
    Number,
    OutsideNumber,
    PhoneGroup,
    PhoneMake,
    Pin,
    RegistrationNumber,
    RingTime,
    Secret,
    Target,
    Text,
    TimeZone,
)
from pbxbridge.services.parsing import parse, problem

# ps_endpoints.callerid holds 40 characters in Asterisk's own schema: "name" <number>.
CALLERID_COLUMN = 40
CALLERID_PUNCTUATION = len('"" <>')

# As a form, a CSV file or a program may say it.
OFF = (False, 0, "", "0", "false", "f", "no", "n", "off")
VOICEMAIL_FIELDS = frozenset(
    {
        "voicemail_pin",
        "voicemail_email",
        "voicemail_audio",
        "voicemail_after_sending",
        "voicemail_language",
        "voicemail_time_zone",
    }
)
WRITE_ONLY = ("voicemail_pin", "secret", "auth_secret")
FORWARDS = ("forward_all", "forward_busy", "forward_no_answer", "forward_unregistered")
# Fields that hold the number of somebody else who gets the call.
TARGETS = (*FORWARDS, "twinning_number")
SIP_TYPES = frozenset({DeviceType.SIP, DeviceType.SIP_VIRTUAL})

_AUTH = frozenset({"auth_username", "auth_secret"})
_REGISTERING = frozenset({"secret", "monitored", "forward_unregistered"})
_PHONE = frozenset({"phone_make", "phone_model", "mac", "registration_number"})
_RINGING = frozenset(
    {"twinning_number", "forward_busy", "forward_no_answer", "do_not_disturb", "ring_time"}
)
_LINE = frozenset({"dahdi_channel"})
_LOGINS = frozenset({"agent_logins"})

# What a device of each type has not: such a field is left at its default, whatever is asked.
WITHOUT: Mapping[DeviceType, frozenset[str]] = {
    DeviceType.SIP: _LINE,
    DeviceType.SIP_VIRTUAL: _LINE,
    DeviceType.IAX2: _LINE | _AUTH,
    DeviceType.DAHDI: _AUTH | _REGISTERING | _PHONE | _LOGINS,
    DeviceType.VIRTUAL: _AUTH | _REGISTERING | _PHONE | _RINGING | _LINE | _LOGINS,
}


class ExtensionInput(BaseModel):
    """An extension as an administrator asks for it.

    ``voicemail_pin`` left empty keeps the box's present PIN; a new box needs one. ``secret`` and
    ``auth_secret`` left empty keep the present one; a new extension gets a random secret.
    ``voicemail_email`` is one address or several, normalised with ``, `` between them. The other
    fields of voicemail say how its mails are; without an address they say nothing.
    A forward left empty means that those calls are not forwarded; ``voicemail`` is one to the
    mailbox. ``ring_time`` is in seconds,
    5 to 300, None for the site's own. ``monitored`` off means that Asterisk does not qualify the
    device (status UNMONITORED). ``agent_logins`` lets agents of the call centre log in at its
    phone. A field that the device type has not is left at its default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)

    number: Number
    device_type: DeviceType = DeviceType.SIP
    caller_id_name: CallerIdName
    users: Logins = Field(default_factory=list)
    class_of_service: Name = "internal"
    voicemail: bool = False
    voicemail_pin: Pin = ""
    voicemail_email: EmailAddresses = ""
    voicemail_audio: VoicemailAudio = VoicemailAudio.WAV
    voicemail_after_sending: AfterSending = AfterSending.KEEP
    voicemail_language: Language = ""
    voicemail_time_zone: TimeZone = ""
    dids: Dids = Field(default_factory=list)
    twinning_number: OutsideNumber = ""
    phone_make: PhoneMake = ""
    phone_model: Text = ""
    mac: Mac = ""
    registration_number: RegistrationNumber = 1
    external_caller_id: OutsideNumber = ""
    emergency_caller_id: OutsideNumber = ""
    forward_all: Target = ""
    forward_busy: Target = ""
    forward_no_answer: Target = ""
    forward_unregistered: Target = ""
    do_not_disturb: bool = False
    ring_time: RingTime = None
    phone_group: PhoneGroup = ""
    agent_logins: bool = False
    monitored: bool = True
    secret: Secret = ""
    auth_username: AuthUsername = ""
    auth_secret: Secret = ""
    dahdi_channel: DahdiChannel = ""

    @model_validator(mode="before")
    @classmethod
    def _only_what_the_device_has(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        # The screen hides the other fields: they are neither kept nor complained of.
        left_out = _without(values.get("device_type", DeviceType.SIP))
        voicemail = values.get("voicemail", False)
        if (voicemail.lower() if isinstance(voicemail, str) else voicemail) in OFF:
            left_out |= VOICEMAIL_FIELDS
        if left_out.isdisjoint(values):
            return values
        return {name: value for name, value in values.items() if name not in left_out}

    @field_validator("caller_id_name")
    @classmethod
    def _fits_the_column(cls, name: str, info: ValidationInfo) -> str:
        # `;` and `^` are three characters there each (rows.py).
        escapes = 2 * sum(map(name.count, ";^"))
        room = CALLERID_COLUMN - CALLERID_PUNCTUATION - len(info.data.get("number", "")) - escapes
        if len(name) > room:
            raise problem(f"Use at most {room} characters.")
        return name

    @field_validator("voicemail_pin")
    @classmethod
    def _pin_is_not_the_number(cls, pin: str, info: ValidationInfo) -> str:
        if pin and pin == info.data.get("number"):
            raise problem("The PIN must not be the extension's own number.")
        return pin

    @field_validator(*FORWARDS)
    @classmethod
    def _forward_is_not_itself(cls, target: str, info: ValidationInfo) -> str:
        if target and target == info.data.get("number"):
            raise problem("An extension cannot be forwarded to itself.")
        return target

    @field_validator("twinning_number")
    @classmethod
    def _twin_is_not_itself(cls, twin: str, info: ValidationInfo) -> str:
        if twin and twin == info.data.get("number"):
            raise problem("An extension cannot be its own twin.")
        return twin


DEFAULTS: Mapping[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in ExtensionInput.model_fields.items()
}


def unparsed(fields: Mapping[str, Any]) -> ExtensionInput:
    """Return stored fields as what is wanted, though the rules may have become stricter since."""
    return ExtensionInput.model_construct(**fields)


def parse_extension(values: Mapping[str, Any]) -> ExtensionInput:
    """Check typed values.

    Raises Invalid with one sentence per field.
    """
    wanted = parse(ExtensionInput, values)
    if wrong := {**_wrong_for_device(wanted), **_wrong_for_mails(wanted)}:
        raise Invalid(wrong)
    return wanted


def _without(device_type: object) -> frozenset[str]:
    try:
        return WITHOUT[DeviceType(str(device_type))]
    except ValueError:
        return frozenset()


def _wrong_for_device(wanted: ExtensionInput) -> Mapping[str, str]:
    """Return what makes no sense with this type of device: a sentence by field."""
    wrong = {}
    if wanted.device_type is DeviceType.DAHDI and not wanted.dahdi_channel:
        wrong["dahdi_channel"] = "Enter the DAHDI channel of the device."
    if wanted.device_type is DeviceType.SIP_VIRTUAL and not wanted.mac:
        wrong["mac"] = "Enter the MAC address of the device that carries this extension."
    if wanted.device_type is DeviceType.VIRTUAL and not (wanted.voicemail or wanted.forward_all):
        sentence = "A VIRTUAL extension needs voicemail or a forward: it has no device that rings."
        wrong["forward_all"] = sentence
    if wanted.agent_logins and not wanted.monitored and wanted.device_type in SIP_TYPES:
        sentence = "Switch on Monitor status: of a phone that is not asked Asterisk does not know "
        wrong["agent_logins"] = f"{sentence}that it is there, and sends it no calls of queues."
    if wanted.auth_secret and not wanted.auth_username:
        wrong["auth_username"] = "Enter the user name that this secret is for."
    return wrong


def _wrong_for_mails(wanted: ExtensionInput) -> Mapping[str, str]:
    is_link = wanted.voicemail_audio is VoicemailAudio.LINK
    if is_link and wanted.voicemail_after_sending is AfterSending.DELETE:
        sentence = "A link would lead nowhere. Attach the recording, or keep the message."
        return {"voicemail_after_sending": sentence}
    return {}
