"""From settings to what services take: what holds for every extension, and for alerts."""

from __future__ import annotations

from datetime import timedelta

from pbxbridge.phones.makes import Makes
from pbxbridge.sealing import Seal, checked_keys
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.sip_secrets import SipSecrets
from pbxbridge.services.states.alert_rules import Limits
from pbxbridge.settings import AlertSettings, Settings


def site_of(settings: Settings, makes: Makes | None = None) -> SiteDefaults:
    """Return what the settings say of every extension; ``makes`` are read unless they are given."""
    said = settings.asterisk
    return SiteDefaults(
        said.qualify_frequency,
        said.ring_time,
        said.sorcery_cache,
        can_link=bool(settings.web.public_url),
        secrets=sip_secrets_of(settings, makes),
    )


def sip_secrets_of(settings: Settings, makes: Makes | None = None) -> SipSecrets:
    """Return how SIP secrets are stored; ``makes`` are read unless they are given."""
    keys = checked_keys(settings.secrets.keys.get_secret_value())
    return SipSecrets(
        Seal(keys) if keys else None,
        settings.secrets.clear_in_asterisk,
        (makes or Makes(settings.phones.makes)).algorithms,
    )


def limits_of(said: AlertSettings) -> Limits:
    """Return from when on phones that are down are an alert."""
    down_for = timedelta(minutes=said.down_minutes) if said.down_minutes else None
    return Limits(down_for, said.at_once or None)
