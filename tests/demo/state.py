"""What a second run takes over from the first: ports and secrets."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from pbxbridge.sealing import new_key
from tests.rig.asterisk import Ports
from tests.rig.ports import free_ports, rtp_block


@dataclass(frozen=True)
class DemoState:
    """Where the demo listens, and the secrets between its parts."""

    ports: Ports
    web_port: int
    ami_secret: str
    ari_secret: str
    sealing_key: str


def load_state(folder: Path) -> DemoState:
    """Return the folder's state, made at the first run; taken ports are replaced by free ones."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "demo.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    state = DemoState(
        ports=Ports(
            sip=_free(stored.get("sip", 5060), socket.SOCK_DGRAM),
            iax=_free(stored.get("iax", 4569), socket.SOCK_DGRAM),
            ami=_free(stored.get("ami", 5038)),
            ari=_free(stored.get("ari", 8088)),
            rtp=rtp_block(),
        ),
        web_port=_free(stored.get("web", 8080)),
        ami_secret=stored.get("ami_secret") or secrets.token_hex(),
        ari_secret=stored.get("ari_secret") or secrets.token_hex(),
        sealing_key=stored.get("sealing_key") or new_key(),
    )
    ports = asdict(state.ports)
    path.touch(mode=0o600)
    path.write_text(
        json.dumps(
            {
                "sip": ports["sip"],
                "iax": ports["iax"],
                "ami": ports["ami"],
                "ari": ports["ari"],
                "web": state.web_port,
                "ami_secret": state.ami_secret,
                "ari_secret": state.ari_secret,
                "sealing_key": state.sealing_key,
            }
        ),
        encoding="utf-8",
    )
    return state


def _free(wanted: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as attempt:
        if kind is socket.SOCK_STREAM:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", wanted))
        except OSError:
            return free_ports(1, kind)[0]
    return wanted
