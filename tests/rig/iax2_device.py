"""An IAX2 device: a second real Asterisk that registers with the first one."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rig.asterisk import AsteriskInstance

# The device takes calls from whoever shows the secret that it registers with.
_IAX = """[general]
bindport = {own_port}
bindaddr = {bind}
register => {number}:{secret}@{bind}:{port}

[{number}]
type = user
auth = md5
secret = {secret}
context = device
"""

_DIALPLAN = """
[device]
exten => s,1,Answer()
 same => n,Echo()
"""


@dataclass(kw_only=True)
class Iax2Device(AsteriskInstance):
    """A device of extension ``number`` that registers at ``port`` on loopback and answers calls."""

    number: str
    secret: str
    port: int

    @property
    def address(self) -> tuple[str, int]:
        """Where it registers from."""
        return self.bind, self.ports.iax

    def render(self) -> None:
        """Write the rig's configuration, with no table and the device's own IAX2 and dialplan."""
        super().render()
        folder = self.folder / "etc"
        (folder / "extconfig.conf").write_text("[settings]\n", encoding="utf-8")
        (folder / "extensions.conf").write_text(_DIALPLAN, encoding="utf-8")
        text = _IAX.format(
            own_port=self.ports.iax,
            bind=self.bind,
            number=self.number,
            secret=self.secret,
            port=self.port,
        )
        (folder / "iax.conf").write_text(text, encoding="utf-8")

        # So that it can be told to call somebody.
        modules = folder / "modules.conf"
        text = modules.read_text(encoding="utf-8").replace("noload = res_clioriginate.so\n", "")
        modules.write_text(text, encoding="utf-8")

    async def register(self, secret: str | None = None) -> None:
        """Register anew, from now on with this secret if one is given."""
        if secret is not None:
            self.secret = secret
            self.render()
        await self.cli("iax2 reload")

    async def registration(self) -> str:
        """Return what the device thinks of its registration: Registered, Rejected ..."""
        lines = (await self.cli("iax2 show registry")).splitlines()
        return lines[1].split()[-1] if len(lines) > 1 else ""

    async def call(self, number: str) -> None:
        """Call an extension, and answer it with an echo."""
        own = f"IAX2/{self.number}:{self.secret}@{self.bind}:{self.port}/{number}"
        await self.cli(f"channel originate {own} application Echo")
