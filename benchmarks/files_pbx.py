"""The way of files and reloads: the same Asterisk with its extensions in configuration files."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.population import PIN, name_of, numbers
from tests.rig.asterisk import AsteriskInstance

ENDPOINT = """
[{number}]
type = endpoint
context = phones
disallow = all
allow = ulaw,alaw,g722
direct_media = no
force_rport = yes
rewrite_contact = yes
rtp_symmetric = yes
auth = {number}
aors = {number}
callerid = "{name}" <{number}>
mailboxes = {number}@default

[{number}]
type = auth
auth_type = userpass
username = {number}
password = {secret}

[{number}]
type = aor
max_contacts = 1
remove_existing = yes
qualify_frequency = 60
"""
DIALPLAN = """
exten => {number},1,Dial(PJSIP/{number},20)
 same => n,VoiceMail({number}@default,u)
 same => n,Hangup()
"""
MAILBOX = "{number} => {pin},{name}\n"
SORCERY = "[res_pjsip]\ncontact = astdb,registrar\n"
RELOADS = ("module reload res_pjsip.so", "dialplan reload", "voicemail reload")


@dataclass
class FilesPbx(AsteriskInstance):
    """The rig's Asterisk without realtime: ``count`` extensions in three files."""

    count: int = 0

    def render(self) -> None:
        """Write the rig's configuration, then take realtime out and put the files in."""
        super().render()
        etc = self.folder / "etc"
        (etc / "sorcery.conf").write_text(SORCERY, encoding="utf-8")
        (etc / "extconfig.conf").write_text("[settings]\n", encoding="utf-8")
        (etc / "extensions.conf").write_text("[general]\nstatic=yes\n[phones]\n", encoding="utf-8")
        for number in numbers(self.count):
            self.add(number, f"secret-of-{number}")

    def add(self, number: int, secret: str) -> None:
        """Edit the three files as an administrator's tool does; nothing is reloaded yet."""
        values = {"number": number, "secret": secret, "name": name_of(number), "pin": PIN}
        for file, template in (
            ("pjsip.conf", ENDPOINT),
            ("extensions.conf", DIALPLAN),
            ("voicemail.conf", MAILBOX),
        ):
            with (self.folder / "etc" / file).open("a", encoding="utf-8") as opened:
                opened.write(template.format(**values))

    async def reload(self) -> None:
        """Have Asterisk read the three files again."""
        for command in RELOADS:
            await self.cli(command)
