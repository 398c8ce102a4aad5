"""compose.yaml and the images: parsed by Docker Compose itself, and held to what the code knows."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from pbxbridge.settings import PREFIX, Settings
from tests.rig.asterisk import CONFIG, REPOSITORY, render_module
from tests.rig.compose import compose_config

SECRETS = {
    "AMI_SECRET": "the-ami-secret",
    "ARI_SECRET": "the-ari-secret",
    "POSTGRES_PASSWORD": "the-postgres-password",
}
DATABASE_URL = "postgres://pbxbridge:the-postgres-password@127.0.0.1:5432/pbxbridge"
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


@pytest.fixture(scope="module")
def on_postgres() -> dict[str, Any]:
    """The same with PostgreSQL, started as compose.postgres.yaml says."""
    environment = {"PATH": os.environ["PATH"], **SECRETS, "DATABASE_URL": DATABASE_URL}
    return compose_config(environment, files=("compose.yaml", "compose.postgres.yaml"))


def test_on_postgres_all_of_it_reads_the_same_database(on_postgres: dict[str, Any]) -> None:
    services = on_postgres["services"]
    told = "/run/secrets/database_url"
    for name in ("bridge", ONE_SHOT):
        environment = services[name]["environment"]
        assert environment[f"{PREFIX}DATABASE__URL_FILE"] == told
        assert f"{PREFIX}DATABASE__URL" not in environment
    assert services["asterisk"]["environment"]["DATABASE_FILE"] == told
    for name in ("bridge", ONE_SHOT, "asterisk"):
        sources = {each["source"] for each in services[name]["secrets"]}
        assert sources == {"ami_secret", "ari_secret", "database_url"}
    url = urlsplit(DATABASE_URL)
    (port,) = services["postgres"]["ports"]
    assert (port["host_ip"], port["published"]) == (url.hostname, str(url.port))
    assert services["postgres"]["environment"]["POSTGRES_USER"] == url.username
    assert services["postgres"]["environment"]["POSTGRES_DB"] == url.path.lstrip("/")


def test_on_postgres_the_tables_wait_for_the_server(on_postgres: dict[str, Any]) -> None:
    waits_for = on_postgres["services"][ONE_SHOT]["depends_on"]
    assert waits_for["postgres"]["condition"] == "service_healthy"
    for name in ("asterisk", "bridge"):
        assert list(on_postgres["services"][name]["depends_on"]) == [ONE_SHOT]


def test_no_secret_stands_in_the_configuration(
    compose: dict[str, Any], on_postgres: dict[str, Any]
) -> None:
    assert {each["environment"] for each in compose["secrets"].values()} == set(SECRETS)
    for service in (*compose["services"].values(), *on_postgres["services"].values()):
        for value in service.get("environment", {}).values():
            assert not any(secret in str(value) for secret in SECRETS.values())


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


def test_the_entry_point_takes_every_option_of_the_configuration() -> None:
    script = (CONFIG / "docker-entrypoint.sh").read_text(encoding="utf-8")
    [loop] = re.findall(r"for name in ([A-Z_ \\\n]+); do", script)
    assert set(loop.replace("\\", " ").split()) == set(render_module().DEFAULTS)
