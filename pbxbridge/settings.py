"""Settings, one group per concern, read from ``PBXBRIDGE_<GROUP>__<FIELD>`` variables.

Any variable may also be given as ``..._FILE``, naming a file that holds the value, which is how
container platforms hand over secrets. Docs: docs/settings.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pbxbridge.email_address import checked_address

PREFIX = "PBXBRIDGE_"
_FILE = "_file"


class DatabaseSettings(BaseModel):
    """Where the portal's and Asterisk's realtime tables live (one database for both)."""

    url: SecretStr = SecretStr("sqlite://run/pbxbridge.sqlite3")


class AsteriskSettings(BaseModel):
    """The Asterisk node: its AMI and ARI logins, and what is written into its tables."""

    host: str = "127.0.0.1"
    ami_port: int = Field(default=5038, ge=1, le=65535)
    ami_user: str = "pbxbridge"
    ami_secret: SecretStr = SecretStr("")
    ari_url: str = "http://127.0.0.1:8088/"
    ari_user: str = "pbxbridge"
    ari_secret: SecretStr = SecretStr("")
    qualify_frequency: int = Field(
        default=60, ge=1, le=86400, description="seconds between OPTIONS"
    )
    ring_time: int = Field(default=20, ge=5, le=300, description="seconds an extension rings")


class SmtpSettings(BaseModel):
    """The server that takes voicemail e-mail."""

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "none"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, AfterValidator(checked_address)] = "voicemail@localhost"
    timeout: float = Field(default=30.0, gt=0, le=600, description="seconds for one delivery")


class WebSettings(BaseModel):
    """The portal's listener, its sessions and cookies."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    secure_cookies: bool = Field(
        default=False, description="true where the portal is served by HTTPS"
    )
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default=[], description="whose X-Forwarded-For is believed"
    )
    session_idle_minutes: int = Field(default=60, ge=1)
    session_max_hours: int = Field(default=12, ge=1)


class LicenceSettings(BaseModel):
    """How many extensions may be made; VIRTUAL and SIP-VIRTUAL ones do not count."""

    extensions: int | None = Field(default=None, ge=0, description="None: as many as wanted")


class VoicemailSettings(BaseModel):
    """Where Asterisk keeps messages, and how often the bridge sweeps for missed ones."""

    spool: Path = Path("/var/spool/asterisk/voicemail")
    sweep_seconds: float = Field(default=300.0, gt=0)


class LogSettings(BaseModel):
    """How the service logs: ``console`` for people, ``json`` for machines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class _EnvOrFileSource(EnvSettingsSource):
    """Environment variables, where ``X_FILE`` stands for ``X`` with the content of that file."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        env = dict(super()._load_env_vars())
        prefix = PREFIX.lower()
        for name, path in list(env.items()):
            if name.startswith(prefix) and name.endswith(_FILE) and path:
                env[name.removesuffix(_FILE)] = _content(name, path)
                del env[name]
        return env


def _content(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as why:
        raise OSError(f"{variable.upper()}: {why}") from why


class Settings(BaseSettings):
    """Everything that pbxbridge can be told from outside."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", validate_default=True
    )

    database: DatabaseSettings = DatabaseSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    smtp: SmtpSettings = SmtpSettings()
    web: WebSettings = WebSettings()
    licence: LicenceSettings = LicenceSettings()
    voicemail: VoicemailSettings = VoicemailSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values given in code first, then the environment and its ``_FILE`` variables."""
        return init_settings, _EnvOrFileSource(settings_cls)
