"""An AMI link that does to the files of a spool what Asterisk 22 does, and answers in its words.

How the real one behaves is shown by tests/asterisk/test_voicemail_inbox.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus, MailboxChanged
from pbxbridge.mirror.ami_event import AmiEvent


@dataclass
class VoicemailLink:
    """``listening`` are the arguments of the VoiceMailMain() that run; ``locked`` refuses all.

    ``loses_answers`` does what is asked and then breaks.
    """

    spool: Path
    bus: EventBus
    up: bool = True
    locked: bool = False
    loses_answers: bool = False
    listening: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Do it and answer, as AmiLink.action."""
        self.asked.append(name)
        if not self.up:
            raise AsteriskUnavailable("The AMI link is down.")
        if name == "CoreShowChannels":
            channels = [_channel(arguments) for arguments in self.listening]
            return AmiResponse({"Response": "Success", "EventList": "start"}, tuple(channels))
        word = name.removeprefix("Voicemail").lower()
        done = not self.locked and self._take_out(fields)
        if done and self.loses_answers:
            raise AsteriskUnavailable("The connection was lost.")
        outcome = "successful" if done else "failed"
        return AmiResponse({"Response": "Success", "Message": f"Message {word} {outcome}"})

    def _take_out(self, fields: dict[str, str]) -> bool:
        box = self.spool / fields["Context"] / fields["Mailbox"]
        for description in sorted((box / fields["Folder"]).glob("msg*.txt")):
            if f"msg_id={fields['ID']}\n" in description.read_text(encoding="utf-8"):
                self._relocate(description, box / fields.get("ToFolder", "Deleted"))
                self.bus.publish(MailboxChanged(fields["Mailbox"], fields["Context"]))
                return True
        return False

    def _relocate(self, description: Path, folder: Path) -> None:
        files = list(description.parent.glob(f"{description.stem}.*"))
        folder.mkdir(exist_ok=True)
        taken = len(list(folder.glob("msg*.txt")))
        for file in files:
            file.rename(folder / f"msg{taken:04}{file.suffix}")
        if folder.name == "Deleted":
            for file in folder.iterdir():
                file.unlink()


def _channel(arguments: str) -> AmiEvent:
    return {
        "Event": "CoreShowChannel",
        "Channel": "PJSIP/1002-00000000",
        "Application": "VoiceMailMain",
        "ApplicationData": arguments,
    }
