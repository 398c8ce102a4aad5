#!/usr/bin/env python3
"""Render the folder of one Asterisk instance from the templates in etc/.

    render.py --instance DIR --database FILE --modules DIR --data DIR [--sip-port N ...]

``--database`` is a SQLite file, or ``postgres://user:password@host:port/name`` for PostgreSQL by
ODBC; then the Asterisk that is started must have ODBCSYSINI and ODBCINI in its environment
(odbc_environment). Then ``--store database`` keeps voicemail there instead of in the spool folder.

Secrets come from the environment, AMI_SECRET and ARI_SECRET, so that they show in no process list;
DATABASE may, too. Every other ``@NAME@`` of the templates is an option or an argument of render().
The dialplan is the repository's dialplan/extensions.conf. Used by the tests, by `make run` and by
the container.
"""

import argparse
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

HERE = Path(__file__).resolve().parent
DIALPLAN = HERE.parent / "dialplan" / "extensions.conf"
FOLDERS = ("etc", "lib/keys", "spool/voicemail", "run", "log")
# Asterisk starts a comment at `;` and a line at a line break; a value with either is no value.
_HARMLESS = re.compile(r"[^;@\x00-\x1f\x7f]*")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")
_POSTGRES = re.compile(r"(postgres|postgresql)://")

DEFAULTS: dict[str, str] = {
    "SIP_BIND": "127.0.0.1",
    "SIP_PORT": "5060",
    "IAX_BIND": "127.0.0.1",
    "IAX_PORT": "4569",
    "AMI_BIND": "127.0.0.1",
    "AMI_PORT": "5038",
    "AMI_PERMIT": "127.0.0.1/255.255.255.255",
    "AMI_USER": "pbxbridge",
    "ARI_BIND": "127.0.0.1",
    "ARI_PORT": "8088",
    "ARI_USER": "pbxbridge",
    "RTP_START": "10000",
    "RTP_END": "10100",
    "SORCERY_CACHE": "no",
    "STORE": "spool",
    "STORE_POLL": "30",
    "VERBOSE": "1",
}
REQUIRED = ("INSTANCE", "DATABASE", "MODULES", "DATA", "AMI_SECRET", "ARI_SECRET")
SECRETS = ("AMI_SECRET", "ARI_SECRET")
# Where voicemail is kept.
STORES = ("spool", "database")


def render(values: Mapping[str, str], dialplan: Path = DIALPLAN) -> Path:
    """Fill the instance's folders and return its asterisk.conf.

    Raises ValueError if a value is missing or cannot stand in a configuration file.
    """
    filled = {**DEFAULTS, **values}
    missing = [name for name in REQUIRED if not filled.get(name)]
    if missing:
        raise ValueError(f"no value for {', '.join(missing)}")
    filled |= _connection(filled)
    if filled["STORE"] not in STORES:
        raise ValueError(f"STORE is one of {', '.join(STORES)}")
    if filled["STORE"] == "database" and filled["DRIVER"] != "odbc":
        raise ValueError("voicemail can be kept in a PostgreSQL only: DATABASE is none")
    for name, value in filled.items():
        if not _HARMLESS.fullmatch(value):
            raise ValueError(f"{name} holds a character that Asterisk's files cannot hold")
    instance = Path(filled["INSTANCE"])
    for folder in FOLDERS:
        # The configuration holds secrets, the spool what people said.
        (instance / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    templates = [*(HERE / "etc").glob("*.conf"), *(HERE / "etc" / filled["DRIVER"]).iterdir()]
    for template in sorted(templates):
        text = _PLACEHOLDER.sub(
            lambda found: filled[found[1]], template.read_text(encoding="utf-8")
        )
        target = instance / ("odbc" if template.suffix == ".ini" else "etc") / template.name
        target.parent.mkdir(exist_ok=True, mode=0o700)
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")
    shutil.copyfile(dialplan, instance / "etc" / "extensions.conf")
    return instance / "etc" / "asterisk.conf"


def odbc_environment(instance: Path) -> dict[str, str]:
    """Return what an instance must have in its environment to find its PostgreSQL."""
    folder = instance / "odbc"
    return {"ODBCSYSINI": str(folder), "ODBCINI": str(folder / "odbc.ini")}


def _connection(filled: Mapping[str, str]) -> dict[str, str]:
    """Return what the templates say of the database: its driver, and where it is."""
    if not _POSTGRES.match(filled["DATABASE"]):
        return {"DRIVER": "sqlite3"}
    try:
        url = urlsplit(filled["DATABASE"])
        port = url.port or 5432
    except ValueError:
        # Without the error itself, which may hold a part of the password.
        raise ValueError(
            "DATABASE is no URL: what is special in one, such as / # ? @, is written as %2F ..."
        ) from None
    if unknown := parse_qs(url.query).keys() - {"sslmode"}:
        raise ValueError(f"DATABASE: {', '.join(sorted(unknown))} is not understood, sslmode is")
    # Debian keeps the driver beside Asterisk's folder; elsewhere the system knows where it is.
    debians = Path(filled["MODULES"]).parent.parent / "odbc" / "psqlodbca.so"
    return {
        "DRIVER": "odbc",
        "DATABASE": "",  # it holds the password
        "DATABASE_HOST": url.hostname or "127.0.0.1",
        "DATABASE_PORT": str(port),
        "DATABASE_NAME": unquote(url.path.lstrip("/")),
        "DATABASE_USER": unquote(url.username or ""),
        "DATABASE_SSLMODE": parse_qs(url.query).get("sslmode", ["prefer"])[-1],
        "DATABASE_PASSWORD": quote(unquote(url.password or ""), safe=""),
        "ODBC_DRIVER": str(debians if debians.exists() else debians.name),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Render the folder of one Asterisk instance.")
    for name in (*REQUIRED, *DEFAULTS):
        if name not in SECRETS:
            option = "--" + name.lower().replace("_", "-")
            parser.add_argument(
                option,
                dest=name,
                default=os.environ.get(name) if name == "DATABASE" else DEFAULTS.get(name),
                required=name in REQUIRED and name != "DATABASE",
            )
    values = vars(parser.parse_args())
    secrets = {name: os.environ.get(name, "") for name in SECRETS}
    print(render({**values, **secrets}))


if __name__ == "__main__":
    main()
