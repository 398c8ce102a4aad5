"""A real Asterisk with extensions in files: for tests of the phone, not of the tables."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rig.asterisk import AsteriskInstance

ALICE, BOB = "1001", "1002"
PIN = "4242"
ECHO, READ_DIGITS, LEAVE_MESSAGE, EARLY_MEDIA = "700", "701", "702", "703"

_ENDPOINT = """
[{number}]
type = endpoint
context = phones
disallow = all
allow = ulaw
auth = {number}
aors = {number}
callerid = "{name}" <{number}>
direct_media = yes
mailboxes = {number}@default

[{number}]
type = auth
auth_type = digest
username = {number}
password = {secret}

[{number}]
type = aor
max_contacts = 1
remove_existing = yes
"""

# The digits that Read() understood come back as the caller ID of a call to Bob.
_DIALPLAN = f"""
[phones]
exten => _10XX,1,Dial(PJSIP/${{EXTEN}},20)
 same => n,Hangup(${{HANGUPCAUSE}})
exten => {ECHO},1,Answer()
 same => n,Echo()
exten => {READ_DIGITS},1,Answer()
 same => n,Read(DIGITS,,6,,1,5)
 same => n,Set(CALLERID(num)=${{FILTER(0-9*#,${{DIGITS}})}})
 same => n,Dial(PJSIP/{BOB},20)
exten => {LEAVE_MESSAGE},1,VoiceMail({BOB}@default,s)
exten => *97,1,Answer()
 same => n,VoiceMailMain({BOB}@default)
exten => {EARLY_MEDIA},1,Progress()
 same => n,PlayTones(650)
 same => n,Wait(10)
"""

# Without the spoken date and caller a message plays at once.
_MAILBOX = f"""
{BOB} => {PIN},Bob,,,envelope=no|saycid=no
"""

_SORCERY = """
[res_pjsip]
endpoint = config,pjsip.conf,criteria=type=endpoint
auth = config,pjsip.conf,criteria=type=auth
aor = config,pjsip.conf,criteria=type=aor
contact = astdb,registrar
"""


@dataclass
class StaticPbx(AsteriskInstance):
    """The rig's Asterisk, but Alice (1001) and Bob (1002) live in pjsip.conf.

    Both allow direct media, so Asterisk sends them re-INVITEs as soon as they talk to each other.
    """

    secret: str = "phone-secret"

    def render(self) -> None:
        """Write the rig's configuration, and the phones' after it."""
        super().render()
        phones = (
            _ENDPOINT.format(number=number, name=name, secret=self.secret)
            for number, name in ((ALICE, "Alice"), (BOB, "Bob"))
        )
        self._append("pjsip.conf", "".join(phones))
        self._append("extensions.conf", _DIALPLAN)
        self._append("voicemail.conf", _MAILBOX)
        (self.folder / "etc" / "sorcery.conf").write_text(_SORCERY, encoding="utf-8")

    def _append(self, name: str, text: str) -> None:
        with (self.folder / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(text)
