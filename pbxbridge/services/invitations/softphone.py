"""What a person is told of the softphone that they set up, beside user name and password."""

from __future__ import annotations

from dataclasses import dataclass

from pbxbridge.phones.variables import Server


@dataclass(frozen=True, slots=True)
class Softphone:
    """The application, where it is got (empty: not known here), and where it registers.

    ``registers_at`` is None where the settings name no server.
    """

    application: str = "IntellaPhone"
    download_url: str = ""
    registers_at: Server | None = None

    @property
    def server(self) -> str:
        """What a softphone takes as server: the host, with the port unless it is the usual one."""
        at = self.registers_at
        if at is None:
            return ""
        return at.address.rpartition(":")[0] if at.is_usual_port else at.address

    def uri(self, number: str) -> str:
        """Return the SIP URI of an extension (RFC 3261, 19.1), empty without a host.

        It never holds the password: that has no place in a SIP URI (19.1.1), and what a camera
        reads lies on a screen for everybody to see.
        """
        if self.registers_at is None:
            return ""
        transport = self.registers_at.transport
        parameter = "" if transport == "udp" else f";transport={transport}"
        return f"sip:{number}@{self.server}{parameter}"
