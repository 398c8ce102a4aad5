"""Reads configuration files as phones of each make do: by the parser of the file's own format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from dataclasses import dataclass, field
from xml.etree import ElementTree


@dataclass(frozen=True)
class ReadLine:
    """A line as the phone understands it."""

    server: str
    port: int
    transport: str
    user: str
    auth_user: str
    secret: str = field(repr=False)
    display_name: str
    label: str
    voicemail: str


@dataclass(frozen=True)
class ReadFile:
    """The lines that the phone registers, by their place, and where it fetches from then on.

    ``off`` are the places that it is told not to use.
    """

    lines: Mapping[int, ReadLine]
    address: str
    off: frozenset[int] = frozenset()


def _parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - the bridge's own files


UDP_TCP_TLS = ("udp", "tcp", "tls")


def read_polycom(text: str) -> ReadFile:
    root = _parsed(text)
    assert root.tag == "polycomConfig"
    said = {name: value for each in root.iter() for name, value in each.attrib.items()}
    transports = {"UDPOnly": "udp", "TCPOnly": "tcp", "TLS": "tls"}
    places = [
        int(found[1]) for name in said if (found := re.fullmatch(r"reg\.(\d+)\.address", name))
    ]
    lines = {}
    for place in places:
        reg, mwi = f"reg.{place}.", f"msg.mwi.{place}."
        voicemail = said[mwi + "callBack"]
        assert said[mwi + "callBackMode"] == ("contact" if voicemail else "disabled")
        lines[place] = ReadLine(
            said[reg + "server.1.address"],
            int(said[reg + "server.1.port"]),
            transports[said[reg + "server.1.transport"]],
            said[reg + "address"],
            said[reg + "auth.userId"],
            said[reg + "auth.password"],
            said[reg + "displayName"],
            said[reg + "label"],
            voicemail,
        )
    address = ""
    if "device.prov.serverName" in said:
        assert said["device.set"] == said["device.prov.serverName.set"] == "1"
        scheme = said["device.prov.serverType"].lower()
        address = f"{scheme}://{said['device.prov.serverName']}"
    return ReadFile(lines, address)


def read_polycom_master(text: str) -> list[str]:
    """Return the files that the master file names."""
    root = _parsed(text)
    assert root.tag == "APPLICATION"
    return root.attrib["CONFIG_FILES"].split(",")


def read_yealink(text: str) -> ReadFile:
    first, *rest = text.removesuffix("\n").split("\n")
    assert first == "#!version:1.0.0.1"
    said: dict[str, str] = {}
    for line in rest:
        found = re.fullmatch(r"([a-z0-9_.]+) = (.*)", line)
        assert found, line
        assert found[1] not in said, line
        said[found[1]] = found[2].strip()
    enabled = {n: said[f"account.{n}.enable"] for n in range(1, 17)}
    lines = {}
    for place in (place for place, value in enabled.items() if value == "1"):
        account = f"account.{place}."
        lines[place] = ReadLine(
            said[account + "sip_server.1.address"],
            int(said[account + "sip_server.1.port"]),
            UDP_TCP_TLS[int(said[account + "sip_server.1.transport_type"])],
            said[account + "user_name"],
            said[account + "auth_name"],
            said[account + "password"],
            said[account + "display_name"],
            said[account + "label"],
            said[f"voice_mail.number.{place}"],
        )
    off = frozenset(place for place, value in enabled.items() if value == "0")
    return ReadFile(lines, said.get("static.auto_provision.server.url", ""), off)


def read_grandstream(text: str) -> ReadFile:
    root = _parsed(text)
    assert (root.tag, root.attrib["version"]) == ("gs_provision", "1")
    config = root.find("config")
    assert config is not None
    said = {int(each.tag.removeprefix("P")): each.text or "" for each in config}
    assert len(said) == len(config)
    # As Grandstream's templates number them: active, server, user, auth, password, name, account
    # name, voicemail, transport.
    numbers = {1: (271, 47, 35, 36, 34, 3, 270, 33, 130)} | {
        place: tuple(start + n for n in (1, 2, 4, 5, 6, 7, 17, 26, 48))
        for place, start in {2: 400, 3: 500, 4: 600, 5: 1700, 6: 1800}.items()
    }
    lines, off = {}, set()
    for place, (active, *others) in numbers.items():
        if said[active] == "0":
            off.add(place)
            continue
        server, user, auth, password, name, label, voicemail, transport = (
            said[number] for number in others
        )
        host, _, port = server.rpartition(":")
        lines[place] = ReadLine(
            host,
            int(port),
            UDP_TCP_TLS[int(transport)],
            user,
            auth,
            password,
            name,
            label,
            voicemail,
        )
    scheme = {"1": "http", "2": "https"}.get(said.get(212, ""), "")
    return ReadFile(lines, f"{scheme}://{said[237]}" if scheme else "", frozenset(off))


def read_cisco(text: str) -> ReadFile:
    root = _parsed(text)
    assert root.tag == "flat-profile"
    said = {each.tag: each.text or "" for each in root}
    assert len(said) == len(root)
    lines, off = {}, set()
    for place in range(1, 17):
        if said[f"Line_Enable_{place}_"] == "No":
            off.add(place)
            continue
        assert said[f"Register_{place}_"] == said[f"Use_Auth_ID_{place}_"] == "Yes"
        assert said[f"Auth_Resync-Reboot_{place}_"] == "No"
        host, _, port = said[f"Proxy_{place}_"].rpartition(":")
        lines[place] = ReadLine(
            host,
            int(port),
            said[f"SIP_Transport_{place}_"].lower(),
            said[f"User_ID_{place}_"],
            said[f"Auth_ID_{place}_"],
            said[f"Password_{place}_"],
            said[f"Display_Name_{place}_"],
            said[f"Short_Name_{place}_"],
            said["Voice_Mail_Number"],
        )
    address = said.get("Profile_Rule", "").removesuffix("/$MA.xml")
    return ReadFile(lines, address, frozenset(off))


def read_snom(text: str) -> ReadFile:
    root = _parsed(text)
    assert root.tag == "settings"
    settings = root.find("phone-settings")
    assert settings is not None
    said = {(each.tag, each.attrib.get("idx", "")): each.text or "" for each in settings}
    assert len(said) == len(settings)
    assert said["challenge_checksync", ""] == "off"
    lines, off = {}, set()
    for place in range(1, 13):

        def of(name: str, idx: str = str(place)) -> str:
            return said[name, idx]

        if of("user_active") == "off":
            off.add(place)
            continue
        proxy, _, transport = of("user_outbound").partition(";transport=")
        host, _, port = proxy.rpartition(":")
        assert host == of("user_host")
        lines[place] = ReadLine(
            host,
            int(port),
            transport,
            of("user_name"),
            of("user_pname"),
            of("user_pass"),
            of("user_realname"),
            of("user_idle_text"),
            of("user_mailbox"),
        )
    address = said.get(("setting_server", ""), "").rpartition("/")[0]
    return ReadFile(lines, address, frozenset(off))


def read_generic(text: str) -> ReadFile:
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    lines = {}
    for section in parser.sections():
        if found := re.fullmatch(r"line (\d+)", section):
            said = parser[section]
            lines[int(found[1])] = ReadLine(
                said["server"],
                int(said["port"]),
                said["transport"],
                said["user"],
                said["auth_user"],
                said["secret"],
                said["display_name"],
                said["label"],
                said["voicemail"],
            )
    address = parser["phone"].get("address", "").rpartition("/")[0]
    return ReadFile(lines, address)


@dataclass(frozen=True)
class Reader:
    """How phones of a make go about it.

    ``asks_for`` are the files in the order in which it fetches them, by its MAC address; the lines
    are in the last. ``writes_mac`` is how it writes that.
    """

    asks_for: tuple[str, ...]
    read: Callable[[str], ReadFile]
    writes_mac: Callable[[str], str] = str.lower

    def names(self, mac: str) -> list[str]:
        return [name.format(mac=self.writes_mac(mac)) for name in self.asks_for]


READERS: Mapping[str, Reader] = {
    "Polycom": Reader(("{mac}.cfg", "{mac}-lines.cfg"), read_polycom),
    "Yealink": Reader(("{mac}.cfg",), read_yealink),
    "Grandstream": Reader(("cfg{mac}.xml",), read_grandstream),
    "Cisco SPA/MPP": Reader(("{mac}.xml",), read_cisco),
    "Snom": Reader(("{mac}.xml",), read_snom, str.upper),
    "Generic": Reader(("{mac}.ini",), read_generic),
}
