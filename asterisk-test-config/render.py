#!/usr/bin/env python3
"""Render the folder of one Asterisk instance from the templates in etc/.

    render.py --instance DIR --database FILE --modules DIR --data DIR [--sip-port N ...]

Secrets come from the environment, AMI_SECRET and ARI_SECRET, so that they show in no process list.
Every other ``@NAME@`` of the templates is an option or an argument of render(). The dialplan is the
repository's dialplan/extensions.conf. Used by the tests, by `make run` and by the container.
"""

import argparse
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIALPLAN = HERE.parent / "dialplan" / "extensions.conf"
FOLDERS = ("etc", "lib/keys", "spool/voicemail", "run", "log")
# Asterisk starts a comment at `;` and a line at a line break; a value with either is no value.
_HARMLESS = re.compile(r"[^;\r\n@]*")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")

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
    "REALTIME_DRIVER": "sqlite3",
    "VERBOSE": "1",
}
REQUIRED = ("INSTANCE", "DATABASE", "MODULES", "DATA", "AMI_SECRET", "ARI_SECRET")


def render(values: Mapping[str, str], dialplan: Path = DIALPLAN) -> Path:
    """Fill the instance's folders and return its asterisk.conf.

    Raises ValueError if a value is missing or cannot stand in a configuration file.
    """
    filled = {**DEFAULTS, **values}
    missing = [name for name in REQUIRED if not filled.get(name)]
    if missing:
        raise ValueError(f"no value for {', '.join(missing)}")
    for name, value in filled.items():
        if not _HARMLESS.fullmatch(value):
            raise ValueError(f"{name} holds a character that Asterisk's files cannot hold")
    instance = Path(filled["INSTANCE"])
    for folder in FOLDERS:
        # The configuration holds secrets, the spool what people said.
        (instance / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    for template in sorted((HERE / "etc").glob("*.conf")):
        text = _PLACEHOLDER.sub(
            lambda found: filled[found[1]], template.read_text(encoding="utf-8")
        )
        target = instance / "etc" / template.name
        target.touch(mode=0o600)
        target.write_text(text, encoding="utf-8")
    shutil.copyfile(dialplan, instance / "etc" / "extensions.conf")
    return instance / "etc" / "asterisk.conf"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Render the folder of one Asterisk instance.")
    for name in (*REQUIRED, *DEFAULTS):
        if not name.endswith("_SECRET"):
            option = "--" + name.lower().replace("_", "-")
            parser.add_argument(
                option, dest=name, default=DEFAULTS.get(name), required=name in REQUIRED
            )
    values = vars(parser.parse_args())
    secrets = {name: os.environ.get(name, "") for name in REQUIRED if name.endswith("_SECRET")}
    print(render({**values, **secrets}))


if __name__ == "__main__":
    main()
