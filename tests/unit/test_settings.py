"""Settings that do not go together are refused with a sentence that says why."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from pbxbridge.settings import DatabaseSettings, Settings, VoicemailSettings

IN_THE_DATABASE = VoicemailSettings(store="database")


def on(url: str) -> DatabaseSettings:
    return DatabaseSettings(url=SecretStr(url))


def test_voicemail_is_kept_in_a_postgres_only() -> None:
    with pytest.raises(ValidationError, match=r"VOICEMAIL__STORE: .* PostgreSQL only") as refused:
        Settings(database=on("sqlite:///srv/s3cret.sqlite3"), voicemail=IN_THE_DATABASE)
    assert "s3cret" not in str(refused.value.errors(include_input=False))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_voicemail_may_be_kept_in_the_bridge_s_postgres(scheme: str) -> None:
    settings = Settings(database=on(f"{scheme}://pbx@db/pbx"), voicemail=IN_THE_DATABASE)
    assert settings.voicemail.store == "database"
