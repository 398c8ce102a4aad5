"""The folder of an Asterisk instance, for either engine."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.rig.asterisk import render_module

SECRET = "p+ä%41;x'#@ y"
URL = f"postgres://pbx%20site:{quote(SECRET, safe='')}@db.example:5433/the%20base?sslmode=require"


def rendered(folder: Path, database: str, **more: str) -> Path:
    values = {
        "INSTANCE": str(folder),
        "DATABASE": database,
        "MODULES": "/nowhere/asterisk/modules",
        "DATA": "/nowhere",
        "AMI_SECRET": "ami",
        "ARI_SECRET": "ari",
        **more,
    }
    configuration: Path = render_module().render(values)
    return configuration.parent


def odbc(folder: Path) -> configparser.SectionProxy:
    file = configparser.ConfigParser(interpolation=None)
    file.read(folder / "odbc" / "odbc.ini", encoding="utf-8")
    return file["pbxbridge"]


def test_a_url_of_postgres_makes_an_odbc_source(tmp_path: Path) -> None:
    etc = rendered(tmp_path, URL)
    said = odbc(tmp_path)
    where = [said[name] for name in ("Servername", "Port", "Database", "SSLmode")]
    assert where == ["db.example", "5433", "the base", "require"]
    # psqlodbc reads it percent-encoded.
    assert said["Password"] == quote(SECRET, safe="")
    assert "ps_auths => odbc,pbxbridge,ps_auths" in (etc / "extconfig.conf").read_text()
    modules = (etc / "realtime_modules.conf").read_text()
    assert "preload = res_config_odbc.so" in modules
    assert not (etc / "res_config_sqlite3.conf").exists()


def test_the_password_is_in_one_file_for_its_owner_only(tmp_path: Path) -> None:
    rendered(tmp_path, URL)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    holding = [path for path in files if quote(SECRET, safe="") in path.read_text()]
    assert holding == [tmp_path / "odbc" / "odbc.ini"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}


def test_a_file_makes_an_instance_without_odbc(tmp_path: Path) -> None:
    etc = rendered(tmp_path, "/srv/pbxbridge.sqlite3")
    assert "dbfile => /srv/pbxbridge.sqlite3" in (etc / "res_config_sqlite3.conf").read_text()
    assert not (tmp_path / "odbc").exists()
    assert not (etc / "res_odbc.conf").exists()
    assert "preload = res_config_sqlite3.so" in (etc / "realtime_modules.conf").read_text()


def test_what_breaks_a_line_of_odbc_ini_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="DATABASE_NAME"):
        rendered(tmp_path, "postgres://pbx@db/base%0aDriver=evil")


@pytest.mark.parametrize(
    "database",
    [
        "postgres://pbx:s3cr/et@db.example:5432/x",
        "postgres://pbx:s3cret@db.example:5432/x?host=/run/postgresql",
        "postgres://pbx%00:s3cret@db.example:5432/x",
    ],
)
def test_a_url_that_is_none_is_refused_without_the_password(tmp_path: Path, database: str) -> None:
    with pytest.raises(ValueError, match="DATABASE") as raised:
        rendered(tmp_path, database)
    assert "s3cr" not in str(raised.value)


@pytest.mark.parametrize(
    ("store", "left_out"),
    [("spool", "app_voicemail_odbc.so"), ("database", "app_voicemail.so")],
)
def test_one_module_of_voicemail_is_loaded(tmp_path: Path, store: str, left_out: str) -> None:
    etc = rendered(tmp_path, URL, STORE=store)
    assert f'#include "modules_{store}.conf"' in (etc / "modules.conf").read_text()
    noload = [
        line
        for name in ("modules.conf", f"modules_{store}.conf")
        for line in (etc / name).read_text().splitlines()
        if line.startswith("noload = app_voicemail")
    ]
    assert sorted(noload) == sorted([f"noload = {left_out}", "noload = app_voicemail_imap.so"])


def test_voicemail_in_the_database_is_in_the_table_that_the_bridge_reads(tmp_path: Path) -> None:
    etc = rendered(tmp_path, URL, STORE="database")
    assert '#include "voicemail_database.conf"' in (etc / "voicemail.conf").read_text()
    said = (etc / "voicemail_database.conf").read_text()
    assert "odbcstorage = pbxbridge\nodbctable = voicemail_messages\n" in said


@pytest.mark.parametrize(
    ("database", "store"), [("/srv/pbxbridge.sqlite3", "database"), (URL, "imap")]
)
def test_a_store_that_cannot_be_is_refused(tmp_path: Path, database: str, store: str) -> None:
    with pytest.raises(ValueError, match=r"STORE|PostgreSQL"):
        rendered(tmp_path, database, STORE=store)
