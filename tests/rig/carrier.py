"""A second real Asterisk that plays the carrier: it takes our calls, and calls our DIDs.

A subscriber (a cell phone) is registered at it. Whatever we dial there rings the subscriber, who
sees our caller ID as the carrier got it, the number that the carrier was asked for as the caller's
name, and the Diversion header. What the subscriber dials goes to us.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rig.asterisk import AsteriskInstance
from tests.sip import Phone

# Our phones are on 127.0.0.1: a trunk is known by its address.
ADDRESS = "127.0.0.2"
CUSTOMER, CUSTOMER_SECRET = "customer", "customer-secret"
CELL, CELL_SECRET = "cell", "cell-secret"
# What the carrier says of these numbers, whatever is in front: unallocated, busy, no circuit.
UNALLOCATED, BUSY, NO_CIRCUIT = "000404", "000486", "000503"

_PJSIP = """
; A customer that registers is known by its name, one that does not by its address.
[global](+)
endpoint_identifier_order = username,ip

[{customer}]
type = endpoint
context = from-customer
disallow = all
allow = ulaw
auth = {customer}
aors = {customer}
trust_id_inbound = yes
[{customer}]
type = auth
auth_type = digest
username = {customer}
password = {customer_secret}
[{customer}]
type = aor
max_contacts = 1
remove_existing = yes

[by-address]
type = endpoint
context = from-customer
disallow = all
allow = ulaw
aors = by-address
[by-address]
type = aor
contact = sip:127.0.0.1:{sip_port}
[by-address]
type = identify
endpoint = by-address
match = 127.0.0.1

[{cell}]
type = endpoint
context = from-cell
disallow = all
allow = ulaw
auth = {cell}
aors = {cell}
[{cell}]
type = auth
auth_type = digest
username = {cell}
password = {cell_secret}
[{cell}]
type = aor
max_contacts = 1
remove_existing = yes
"""

_DIALPLAN = f"""
[from-customer]
exten => _[+*#0-9]!,1,Set(LAST=${{EXTEN:-6}})
 same => n,GotoIf($["${{LAST}}" = "{UNALLOCATED}"]?unallocated)
 same => n,GotoIf($["${{LAST}}" = "{BUSY}"]?busy)
 same => n,GotoIf($["${{LAST}}" = "{NO_CIRCUIT}"]?no-circuit)
 same => n,Set(CALLERID(name)=${{EXTEN}})
 same => n,Dial(PJSIP/{CELL},60)
 same => n,Hangup(${{HANGUPCAUSE}})
 same => n(unallocated),Hangup(1)
 same => n(busy),Hangup(17)
 same => n(no-circuit),Hangup(34)

; The caller ID that the cell phone's owner has, then the number: 4917012345*4930100
[from-cell]
exten => _X!,1,Set(CALLERID(all)=<${{CUT(EXTEN,*,1)}}>)
 same => n,Dial(PJSIP/${{CUT(EXTEN,*,2)}}@by-address,60)
 same => n,Hangup(${{HANGUPCAUSE}})
; The same to a customer that registers.
exten => _*X!,1,Set(CALLERID(all)=<${{CUT(EXTEN,*,2)}}>)
 same => n,Dial(PJSIP/${{CUT(EXTEN,*,3)}}@{CUSTOMER},60)
 same => n,Hangup(${{HANGUPCAUSE}})
"""

_SORCERY = """
[res_pjsip]
endpoint = config,pjsip.conf,criteria=type=endpoint
auth = config,pjsip.conf,criteria=type=auth
aor = config,pjsip.conf,criteria=type=aor
contact = astdb,registrar
[res_pjsip_endpoint_identifier_ip]
identify = config,pjsip.conf,criteria=type=identify
"""


@dataclass
class Carrier(AsteriskInstance):
    """The carrier's Asterisk; ``customer_port`` is where ours listens."""

    bind: str = ADDRESS
    customer_port: int = 0

    def render(self) -> None:
        """Write the rig's configuration, and the carrier's after it."""
        super().render()
        self._append(
            "pjsip.conf",
            _PJSIP.format(
                customer=CUSTOMER,
                customer_secret=CUSTOMER_SECRET,
                cell=CELL,
                cell_secret=CELL_SECRET,
                sip_port=self.customer_port,
            ),
        )
        self._append("extensions.conf", _DIALPLAN)
        (self.folder / "etc" / "sorcery.conf").write_text(_SORCERY, encoding="utf-8")

    def _append(self, name: str, text: str) -> None:
        with (self.folder / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(text)

    @asynccontextmanager
    async def subscriber(self) -> AsyncIterator[Phone]:
        """Run the subscriber's phone, registered, for the length of the block."""
        async with Phone(CELL, CELL_SECRET, ADDRESS, self.ports.sip, bind_host=ADDRESS) as phone:
            assert await phone.register() == 200
            yield phone


@asynccontextmanager
async def running_carrier(folder: Path, customer_port: int) -> AsyncIterator[Carrier]:
    """Run a carrier in ``folder`` that calls us at ``customer_port``."""
    database = folder / "nothing.sqlite3"
    database.touch()
    async with Carrier(folder / "carrier", database, customer_port=customer_port) as carrier:
        yield carrier
