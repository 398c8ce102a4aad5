"""Settings of what phones are told: invitations, desk phones, how SIP secrets are kept."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator

from pbxbridge.sealing import checked_keys
from pbxbridge.settings_group import Group

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def _host_or_none(value: str) -> str:
    if value and not _NAME.fullmatch(value):
        try:
            ip_address(value)
        except ValueError:
            raise ValueError("a name such as sip.example.com, or an IP address") from None
    return value


def _keys(value: SecretStr) -> SecretStr:
    checked_keys(value.get_secret_value())
    return value


class InvitationSettings(Group):
    """The mail by which a person sets up the softphone of an extension."""

    application: str = Field(default="IntellaPhone", min_length=1, max_length=40)
    download_url: str = Field(
        default="", pattern=r"^(https://[^\s]+)?$", description="where the application is got"
    )
    valid_hours: int = Field(default=72, ge=1, le=720, description="how long a link is good")


class PhoneSettings(Group):
    """Desk phones that fetch their configuration from the bridge."""

    sip_host: Annotated[str, AfterValidator(_host_or_none)] = Field(
        default="", description="where phones register; empty: public_url's host"
    )
    sip_port: int | None = Field(
        default=None, ge=1, le=65535, description="None: 5060, or 5061 with tls"
    )
    sip_transport: Literal["udp", "tcp", "tls"] = "udp"
    networks: list[IPvAnyNetwork] = Field(
        default=[],
        description="where phones may fetch by their MAC address, with user and password",
    )
    user: str = Field(default="", description="for those that fetch by their MAC address")
    password: SecretStr = SecretStr("")
    plain_http: bool = Field(
        default=False, description="hand out files, with their secrets, without HTTPS, too"
    )
    makes: Path | None = Field(default=None, description="a folder of makes of one's own")

    @model_validator(mode="after")
    def _a_network_is_not_enough(self) -> Self:
        if self.networks and not (self.user and self.password.get_secret_value()):
            raise ValueError("phones that fetch by their MAC address need a user and a password")
        return self


class SecretSettings(Group):
    """How SIP secrets lie in the database (docs/sip-secrets.md)."""

    keys: Annotated[SecretStr, AfterValidator(_keys)] = Field(
        default=SecretStr(""), description="the first seals, all open; blanks between them"
    )
    clear_in_asterisk: bool = Field(default=False, description="in clear, although there is a key")
