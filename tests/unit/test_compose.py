"""compose.yaml and the images: parsed by Docker Compose itself, and held to what the code knows."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pbxbridge.settings import PREFIX, Settings
from tests.rig.asterisk import CONFIG, REPOSITORY
from tests.rig.compose import compose_config

SECRETS = {
    "AMI_SECRET": "the-ami-secret",
    "ARI_SECRET": "the-ari-secret",
    "POSTGRES_PASSWORD": "the-postgres-password",
}
ONE_SHOT = "migrate"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return compose_config({"PATH": os.environ["PATH"], **SECRETS}, "postgres")


def test_every_service_that_stays_has_a_health_check(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"asterisk", "bridge", "mail", "postgres", ONE_SHOT}
    assert {name for name in services if "healthcheck" not in services[name]} == {ONE_SHOT}


def test_asterisk_and_the_bridge_start_once_the_tables_are_there(compose: dict[str, Any]) -> None:
    for name in ("asterisk", "bridge"):
        waits_for = compose["services"][name]["depends_on"]
        assert list(waits_for) == [ONE_SHOT]
        assert waits_for[ONE_SHOT]["condition"] == "service_completed_successfully"


def test_postgres_waits_until_it_is_asked_for() -> None:
    assert "postgres" not in compose_config({"PATH": os.environ["PATH"]})["services"]


def test_no_secret_stands_in_the_configuration(compose: dict[str, Any]) -> None:
    assert {each["environment"] for each in compose["secrets"].values()} == set(SECRETS)
    for service in compose["services"].values():
        for value in service.get("environment", {}).values():
            assert value not in SECRETS.values()


def test_the_bridge_is_given_settings_that_exist(compose: dict[str, Any]) -> None:
    given = compose["services"]["bridge"]["environment"]
    for name in given:
        group, _, field = name.removeprefix(PREFIX).removesuffix("_FILE").lower().partition("__")
        assert field in type(getattr(Settings(), group)).model_fields, name


def test_asterisk_and_the_bridge_share_database_spool_and_ports(compose: dict[str, Any]) -> None:
    asterisk, bridge = compose["services"]["asterisk"], compose["services"]["bridge"]
    mounts = [
        {each["target"]: each["source"] for each in service["volumes"]}
        for service in (asterisk, bridge)
    ]
    for shared in ("/srv/database", "/srv/asterisk/spool/voicemail"):
        assert mounts[0][shared] == mounts[1][shared]
    told = bridge["environment"]
    assert told[f"{PREFIX}DATABASE__URL"].startswith("sqlite:////srv/database/")
    assert told[f"{PREFIX}VOICEMAIL__SPOOL"] == "/srv/asterisk/spool/voicemail"
    assert told[f"{PREFIX}ASTERISK__AMI_PORT"] == asterisk["environment"]["AMI_PORT"]
    assert asterisk["environment"]["ARI_PORT"] in told[f"{PREFIX}ASTERISK__ARI_URL"]


def test_the_asterisk_image_holds_the_configuration_that_the_tests_run() -> None:
    copied = (CONFIG / "Dockerfile").read_text(encoding="utf-8")
    for path in (
        "asterisk-test-config/render.py",
        "asterisk-test-config/etc",
        "asterisk-test-config/docker-entrypoint.sh",
        "dialplan/extensions.conf",
    ):
        assert (REPOSITORY / path).exists()
        assert path in copied
    for dockerfile in ("Dockerfile", "asterisk-test-config/Dockerfile"):
        assert "uid 10001" in (REPOSITORY / dockerfile).read_text(encoding="utf-8")
