"""Settings, one group per concern, read from ``PBXBRIDGE_<GROUP>__<FIELD>`` variables.

Any variable may also be given as ``..._FILE``, naming a file that holds the value, which is how
container platforms hand over secrets. Docs: docs/settings.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pbxbridge.call_centre_settings import CallCentreSettings, zone_or_none
from pbxbridge.email_address import checked_address
from pbxbridge.phone_settings import InvitationSettings, PhoneSettings, SecretSettings
from pbxbridge.settings_group import Group

PREFIX = "PBXBRIDGE_"
# The name of the node where the settings name none.
ONLY_NODE = "asterisk"
_FILE = "_file"


# A name is part of a variable's: PBXBRIDGE_NODES__<NAME>__HOST.
NodeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)]


def _address_or_none(value: str) -> str:
    return checked_address(value) if value else ""


class DatabaseSettings(Group):
    """Where the portal's and Asterisk's realtime tables live (one database for both)."""

    url: SecretStr = SecretStr("sqlite://run/pbxbridge.sqlite3")


class NodeSettings(Group):
    """One Asterisk: where it is, and the bridge's AMI and ARI logins there."""

    host: str = "127.0.0.1"
    ami_port: int = Field(default=5038, ge=1, le=65535)
    ami_user: str = "pbxbridge"
    ami_secret: SecretStr = SecretStr("")
    ari_url: str = "http://127.0.0.1:8088/"
    ari_user: str = "pbxbridge"
    ari_secret: SecretStr = SecretStr("")


class AsteriskSettings(NodeSettings):
    """The only Asterisk, or what several have in common, and what is written into the tables."""

    qualify_frequency: int = Field(
        default=60, ge=1, le=86400, description="seconds between OPTIONS"
    )
    ring_time: int = Field(default=20, ge=5, le=300, description="seconds an extension rings")
    ring_prompt: str = Field(
        default="hello-world",
        pattern=r"^[A-Za-z0-9_./-]+$",
        description="the sound that a phone plays that was rung from the portal",
    )
    sorcery_cache: bool = Field(
        default=False, description="true where sorcery.conf has a memory_cache before our tables"
    )


class SmtpSettings(Group):
    """The server that takes voicemail e-mail."""

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    tls: Literal["none", "starttls", "implicit"] = "none"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, AfterValidator(checked_address)] = "voicemail@localhost"
    reply_to: Annotated[str, AfterValidator(_address_or_none)] = Field(
        default="", description="who gets answers to voicemail of callers without an address"
    )
    timeout: float = Field(default=30.0, gt=0, le=600, description="seconds for one delivery")
    answer_timeout: float = Field(
        default=600.0, gt=0, le=3600, description="seconds for the answer to a whole mail"
    )
    connections: int = Field(default=4, ge=1, le=50, description="at the same time, kept open")


class WebSettings(Group):
    """The portal's listener, its sessions and cookies."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = Field(
        default="", pattern=r"^(https?://[^\s/?#]+/?)?$", description="for links in mails"
    )
    secure_cookies: bool = Field(
        default=False, description="true where the portal is served by HTTPS"
    )
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default=[], description="whose X-Forwarded-For is believed"
    )
    session_idle_minutes: int = Field(default=60, ge=1)
    session_max_hours: int = Field(default=12, ge=1)


class LicenceSettings(Group):
    """How many extensions and agents may be made; VIRTUAL and SIP-VIRTUAL do not count."""

    extensions: int | None = Field(default=None, ge=0, description="None: as many as wanted")
    agents: int | None = Field(default=None, ge=0, description="None: as many as wanted")
    managers: set[str] = Field(default=set(), description="the numbers of agents who are managers")


class VoicemailSettings(Group):
    """Where Asterisk keeps messages, how often the bridge sweeps for missed ones, and the mails.

    ``store`` is the folder ``spool`` of app_voicemail, or the ``database`` (the table
    voicemail_messages of app_voicemail_odbc).
    """

    store: Literal["spool", "database"] = "spool"
    spool: Path = Path("/var/spool/asterisk/voicemail")
    node: str = Field(default="", description="whose spool it is; empty: the first node's")
    sweep_seconds: float = Field(default=300.0, gt=0)
    language: Literal["en", "de"] = Field(default="en", description="of boxes that name none")
    time_zone: Annotated[str, AfterValidator(zone_or_none)] = Field(
        default="", description="of boxes that name none; empty: the machine's"
    )
    templates: Path | None = Field(default=None, description="a folder of templates of one's own")


class HistorySettings(Group):
    """How long changes of state and alerts are kept."""

    keep_days: int = Field(default=30, ge=1, le=3650)


class AlertSettings(Group):
    """From when on phones that are down are an alert; 0 turns it off."""

    down_minutes: int = Field(default=5, ge=0, description="how long one phone is down")
    at_once: int = Field(default=10, ge=0, description="more than so many within a minute")


class WebhookSettings(Group):
    """The receiver of webhooks; without a URL nothing is told."""

    url: SecretStr = Field(default=SecretStr(""), description="may hold a token of the receiver")
    secret: SecretStr = Field(default=SecretStr(""), description="signs what is sent")
    timeout: float = Field(default=10.0, gt=0, le=60, description="seconds for one delivery")
    events: set[Literal["states", "alerts"]] = Field(default={"states", "alerts"})

    @model_validator(mode="after")
    def _complete(self) -> "WebhookSettings":
        if url := self.url.get_secret_value():
            if not url.startswith(("http://", "https://")):
                raise ValueError("the URL must begin with https:// or http://")
            if not self.secret.get_secret_value():
                raise ValueError("a webhook needs a secret to sign with")
        return self


class LogSettings(Group):
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
    nodes: dict[NodeName, NodeSettings] = Field(
        default={}, description="the Asterisks by name; none: the one that `asterisk` describes"
    )
    smtp: SmtpSettings = SmtpSettings()
    web: WebSettings = WebSettings()
    licence: LicenceSettings = LicenceSettings()
    voicemail: VoicemailSettings = VoicemailSettings()
    invitation: InvitationSettings = InvitationSettings()
    phones: PhoneSettings = PhoneSettings()
    secrets: SecretSettings = SecretSettings()
    call_centre: CallCentreSettings = CallCentreSettings()
    history: HistorySettings = HistorySettings()
    alerts: AlertSettings = AlertSettings()
    webhook: WebhookSettings = WebhookSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _the_spool_is_of_a_node(self) -> Self:
        node = self.voicemail.node
        if node and node not in self.by_node():
            raise ValueError(f"VOICEMAIL__NODE: there is no node {node}")
        return self

    @model_validator(mode="after")
    def _voicemail_is_in_the_same_database(self) -> Self:
        url = self.database.url.get_secret_value()
        if self.voicemail.store == "database" and not url.startswith(("postgres:", "postgresql:")):
            raise ValueError(
                "VOICEMAIL__STORE: in the database voicemail can be with PostgreSQL only, and "
                "DATABASE__URL names none"
            )
        return self

    def by_node(self) -> dict[str, NodeSettings]:
        """Return every Asterisk by its name; what a node does not say, ``asterisk`` says."""
        shared = {name: getattr(self.asterisk, name) for name in NodeSettings.model_fields}
        own = {
            name: {field: getattr(node, field) for field in node.model_fields_set}
            for name, node in self.nodes.items()
        }
        return {
            name: NodeSettings(**{**shared, **said})
            for name, said in sorted((own or {ONLY_NODE: {}}).items())
        }

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
