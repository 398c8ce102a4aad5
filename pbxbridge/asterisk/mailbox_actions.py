"""What is done to single voicemail messages, by Asterisk itself.

Asterisk locks the folder, renumbers the messages in it and updates the phone's lamp
(apps/app_voicemail.c, ``vm_msg_remove`` and ``vm_msg_move``); the files are never touched from
here. The actions need the write class ``user``, CoreShowChannels needs ``system``.
"""

from __future__ import annotations

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable

_LISTENING = "VoiceMailMain"


class MailboxActions:
    """Removes and moves messages, which are named by folder and msg_id."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def remove(self, mailbox: str, context: str, folder: str, msg_id: str) -> bool:
        """Delete a message; False if it is not in that folder, or the folder stayed locked for 5 s.

        Raises AsteriskUnavailable.
        """
        answer = await self._link.action(
            "VoicemailRemove", Mailbox=mailbox, Context=context, Folder=folder, ID=msg_id
        )
        return _was_done(answer)

    async def move(self, mailbox: str, context: str, folder: str, msg_id: str, *, to: str) -> bool:
        """Move a message to the folder ``to``; False as for remove, or if that folder is full.

        Raises AsteriskUnavailable.
        """
        answer = await self._link.action(
            "VoicemailMove",
            Mailbox=mailbox,
            Context=context,
            Folder=folder,
            ID=msg_id,
            ToFolder=to,
        )
        return _was_done(answer)

    async def is_open(self, mailbox: str, context: str) -> bool:
        """Whether somebody listens to the mailbox by phone, or may: VoiceMailMain can ask for it.

        VoiceMailMain keeps what it is to delete at the end by position. A message that goes
        meanwhile moves the others up, and another than the one heard is deleted. Raises
        AsteriskUnavailable.
        """
        channels = await self._link.action("CoreShowChannels")
        if not channels.success:
            raise AsteriskUnavailable(f"Asterisk answered: {channels.message}.")
        listening = (each for each in channels.items if each.get("Application") == _LISTENING)
        asked = (each.get("ApplicationData", "").partition(",")[0] for each in listening)
        return any(box in ("", f"@{context}", f"{mailbox}@{context}", mailbox) for box in asked)


def _was_done(answer: AmiResponse) -> bool:
    """Read the outcome in the sentence: Asterisk 22 answers Success to what failed as well."""
    if not answer.success:
        raise AsteriskUnavailable(f"Asterisk answered: {answer.message}.")
    return answer.message.endswith("successful")
