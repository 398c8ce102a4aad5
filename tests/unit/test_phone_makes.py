"""The makes of phones: each one's file, parsed by its own format's parser, and one's own makes."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from pbxbridge.check_makes import make_results
from pbxbridge.phones.makes import Makes, own_makes, spelled_make
from pbxbridge.phones.variables import Line, Phone, Server, in_one_line
from tests.rig.phone_files import READERS, ReadLine, read_polycom_master

MAKES = Makes()

DOCS = Path(__file__).parents[2] / "docs/phone-makes.md"
MAC = "0004f2a1b2c3"
URL = "https://pbx.example.com/provision/token"
HOSTILE = "Ö'Neil & Söhne <b>]]> 100%(x)s #; {{ secret }} ${MAC} \\n = [x] 'q"
FIRST = Line(1, "1001", "1001", "aB3!#$%*+./:=?@_~-", "Ada", "1001", "*97")
SECOND = Line(2, "1002", "desk.two+x", "#starts%(with)s", in_one_line(f"x\n{HOSTILE}\r\0"), "1002")
FIFTH = Line(5, "00lobby", "00lobby", "=secret=twelve", HOSTILE, "00lobby", "*97")


def phone(*lines: Line, transport: str = "udp", url: str = URL) -> Phone:
    return Phone(MAC, "Make", HOSTILE, lines, 6, Server("pbx.example.com", 5070, transport), url)


def parsed(name: str, shown: Phone) -> tuple[dict[int, ReadLine], str, frozenset[int]]:
    make = MAKES.find(name)
    assert make is not None
    reader = READERS[name]
    file = make.file(reader.names(MAC)[-1], MAC)
    assert file is not None
    shown = Phone(
        **{**{f.name: getattr(shown, f.name) for f in fields(shown)}, "most_lines": make.lines}
    )
    read = reader.read(file.text_for(shown))
    return dict(read.lines), read.address, read.off


def test_the_list_has_the_makes_that_people_choose_from() -> None:
    names = [make.name for make in MAKES]
    assert names == sorted(["IntellaPhone", *READERS], key=str.casefold)
    softphone = MAKES.find("IntellaPhone")
    assert softphone is not None
    assert (softphone.softphone, softphone.models) == (True, ("IntellaPhone PC",))
    assert not softphone.files
    assert all(make.models or make.name == "Generic" for make in MAKES)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("name", READERS)
def test_a_file_says_of_each_line_what_the_phone_needs(name: str, transport: str) -> None:
    lines = (FIRST, SECOND, FIFTH)
    read, address, _ = parsed(name, phone(*lines, transport=transport))
    assert address == URL
    # A phone has one key for voicemail; Cisco's dials one number for all lines.
    dialled = {line.number: "*97" if name == "Cisco SPA/MPP" else line.voicemail for line in lines}
    assert read == {
        line.number: ReadLine(
            "pbx.example.com",
            5070,
            transport,
            line.extension,
            line.auth_user,
            line.secret,
            line.display_name,
            line.label,
            dialled[line.number],
        )
        for line in lines
    }


@pytest.mark.parametrize("name", READERS)
def test_a_server_that_is_an_ipv6_address_is_told_apart_from_its_port(name: str) -> None:
    server = Server("2001:db8::1", 5070, "udp")
    make = MAKES.find(name)
    assert make is not None
    text = make.files[-1].text_for(replace(phone(FIRST), server=server))
    assert "2001:db8::1" in text
    assert "db8::1:5070" not in text


@pytest.mark.parametrize("name", READERS)
def test_a_single_line_leaves_the_other_places_off_and_names_no_address_of_another(
    name: str,
) -> None:
    read, address, off = parsed(name, phone(FIRST, url=""))
    make = MAKES.find(name)
    assert make is not None
    assert (list(read), address) == ([1], "")
    assert off in (frozenset(), frozenset(range(2, make.lines + 1)))
    # What is left out of these means that the place is off.
    assert bool(off) == (name not in {"Polycom", "Generic"})


def test_a_polycom_is_led_from_its_master_file_to_its_lines() -> None:
    make = MAKES.find("Polycom")
    assert make is not None
    master, lines = READERS["Polycom"].names(MAC)
    file = make.file(master, MAC)
    assert file is not None
    assert read_polycom_master(file.text_for(phone(FIRST))) == [lines]
    # That one the phone writes itself.
    assert make.file(f"{MAC}-phone.cfg", MAC) is None


def test_a_file_is_found_however_the_phone_writes_its_address() -> None:
    make = MAKES.find("Snom")
    assert make is not None
    assert make.file(f"{MAC.upper()}.XML", MAC) is not None
    assert make.file("0004f2ffffff.xml", MAC) is None
    assert make.file(f"../{MAC}.xml", MAC) is None


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("polycom", "Polycom"),
        ("  GRAND stream ", "Grandstream"),
        ("cisco spa / mpp", "Cisco SPA/MPP"),
        ("Cisco", "Cisco"),
        ("Fanvil", "Fanvil"),
        ("", ""),
    ],
)
def test_a_make_is_spelled_as_the_list_spells_it(typed: str, spelled: str) -> None:
    assert spelled_make(typed) == spelled


def test_other_names_of_a_make_find_it() -> None:
    assert MAKES.find("Cisco") == MAKES.find("cisco spa/mpp") != None  # noqa: E711 - of a chain
    assert MAKES.find("Fanvil") is None
    assert Makes().algorithms("Fanvil") == Makes().algorithms("Snom") == ("MD5",)


@pytest.mark.parametrize("name", [*READERS, "IntellaPhone"])
def test_what_is_entered_in_a_phone_leads_to_its_file(name: str) -> None:
    make = MAKES.find(name)
    assert make is not None
    entered = make.address_for(URL, MAC)
    assert entered.startswith((URL, URL.removeprefix("https://")))
    assert bool(make.entering) == bool(make.files)
    last = entered.removeprefix("https://").removeprefix(URL.removeprefix("https://")).strip("/")
    assert not last or make.file(last.replace("$MA", MAC), MAC)


FANVIL = """
name = "Fanvil"
models = ["X4U"]
lines = 4
check_sync = "check-sync"

[[files]]
name = "{mac}.txt"
template = "phone.txt.j2"
"""


def make_folder(own: Path, name: str, description: str, **templates: str) -> Path:
    folder = own / name
    folder.mkdir()
    (folder / "make.toml").write_text(description, encoding="utf-8")
    for template, text in templates.items():
        (folder / template.replace("__", ".")).write_text(text, encoding="utf-8")
    return own


def test_adding_a_make_is_one_folder(tmp_path: Path) -> None:
    text = "{% for line in phone.lines %}{{ line.extension }}={{ line.secret }}\n{% endfor %}"
    known = Makes(make_folder(tmp_path, "fanvil", FANVIL, phone__txt__j2=text))
    assert [make.name for make in known][1] == "Fanvil"
    make = known.find("fanvil")
    assert make is not None
    file = make.file(f"{MAC}.txt", MAC)
    assert file is not None
    assert file.text_for(phone(FIRST)) == f"1001={FIRST.secret}\n"
    assert [result.ok for result in make_results(tmp_path)] == [True]
    assert make_results(None) == []


def test_a_folder_of_a_built_in_make_s_name_takes_its_place(tmp_path: Path) -> None:
    ours = FANVIL.replace('"Fanvil"', '"Snom"')
    known = Makes(make_folder(tmp_path, "snom", ours, phone__txt__j2="{{ phone.mac }}"))
    make = known.find("Snom")
    assert make is not None
    assert make.models == ("X4U",)
    assert len(list(known)) == len(list(MAKES))


@pytest.mark.parametrize(
    ("description", "template", "said"),
    [
        ("name = ", "", r"make\.toml: Invalid value"),
        ('nam = "Fanvil"', "", r"make\.toml: name: Field required"),
        (FANVIL + "colour = 1\n", "", r"make\.toml: files\.0\.colour: Extra inputs"),
        (FANVIL.replace("lines = 4", "lines = 0"), "", r"make\.toml: lines: .*greater"),
        (FANVIL.replace("{mac}.txt", "phone.txt"), "", r"make\.toml: files\.0\.name: .*pattern"),
        (FANVIL.replace("phone.txt.j2", "../x.j2"), "", r"make\.toml: files\.0\.template"),
        (FANVIL.replace("phone.txt", "other.txt"), "", r"other\.txt\.j2: .*not found"),
        (FANVIL.replace('"check-sync"', '"x\\r\\ny"'), "", r"make\.toml: check_sync: .*pattern"),
        (FANVIL.replace('"Fanvil"', '"Snom"'), "x", r"fanvil: Snom is the make of the folder snom"),
        (FANVIL, "a\n{% for %}", r"phone\.txt\.j2, line 2: Expected"),
        (FANVIL, "a\n{{ phone.colour }}", r"phone\.txt\.j2, line 2: .* no attribute 'colour'"),
        (FANVIL, "{{ phone.__class__.__mro__ }}", r"phone\.txt\.j2.*unsafe"),
    ],
)
def test_a_broken_make_is_named_with_its_reason_and_left_out(
    tmp_path: Path, description: str, template: str, said: str
) -> None:
    own = make_folder(tmp_path, "fanvil", description, phone__txt__j2=template)
    found, (problem,) = own_makes(own)
    assert not found
    assert re.search(said, str(problem)), problem
    assert Makes(own).find("Fanvil") is None
    (result,) = make_results(own)
    assert not result.ok
    assert "fanvil" in result.detail


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    (result,) = make_results(tmp_path / "nowhere")
    assert not result.ok
    assert Makes(tmp_path / "nowhere").find("Snom") is not None


def test_every_variable_of_a_template_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    named = [f"phone.{f.name}" for f in fields(Phone)] + [f"line.{f.name}" for f in fields(Line)]
    named += [f"phone.server.{f.name}" for f in fields(Server)]
    named += ["phone.unused", "phone.address", "phone.scheme"]
    assert [name for name in named if f"`{name}`" not in text] == []


def test_what_a_phone_is_told_is_not_in_its_repr() -> None:
    assert FIRST.secret not in repr(phone(FIRST))
    assert URL not in repr(phone(FIRST))
