"""What `pbxbridge check` makes of Asterisk's configuration, from the files that we ship."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pbxbridge.asterisk.ami_rights import (
    CORE_ACTIONS,
    MODULE_ACTIONS,
    QUEUE_ACTIONS,
    WITNESSES,
)
from pbxbridge.asterisk.config_check import Stored, config_results
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile
from pbxbridge.asterisk.module_check import SILENT_MODULES
from pbxbridge.asterisk.queue_check import MODULES as QUEUE_MODULES
from pbxbridge.check_result import Result

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ETC = REPOSITORY / "asterisk-test-config" / "etc"

SIP_ONLY = Stored("cos-internal")
WITH_IAX2 = Stored("cos-internal", "2001")
WITH_TRUNK = Stored("cos-internal", trunk="carrier")
WITH_QUEUE = Stored("cos-internal", queue="sales", music=frozenset({"default"}))
ACTIONS = frozenset(
    [
        "GetConfig",
        *CORE_ACTIONS,
        *QUEUE_ACTIONS,
        *WITNESSES.values(),
        *(action for actions in MODULE_ACTIONS.values() for action in actions),
    ]
)


def parsed(path: Path, driver: str = "sqlite3") -> ConfigFile:
    """Read a file as Asterisk does, as far as ours go."""
    sections: dict[str, tuple[tuple[str, str], ...]] = {}
    section = ""
    text = path.read_text(encoding="utf-8").replace("@DRIVER@", driver)
    for line in text.splitlines():
        if named := re.match(r"\[(.+)\]", line):
            section = named[1]
            sections[section] = ()
        elif said := re.match(r"\s*([^;#\s]+?)\s*=>?\s*(.*)", line):
            sections[section] += ((said[1], said[2]),)
    return ConfigFile(sections)


def shipped() -> AsteriskConfig:
    """An Asterisk with our files, one class of service and one IAX2 extension."""
    dialplan = parsed(REPOSITORY / "dialplan" / "extensions.conf")
    rows = ConfigFile({"cos-internal": (("include", "features"), ("include", "extensions"))})
    return AsteriskConfig(
        actions=ACTIONS,
        loaded=frozenset([*SILENT_MODULES, *QUEUE_MODULES]),
        manager=ConfigFile({"pbxbridge": (("read", "system,call,agent"),)}),
        extconfig=parsed(ETC / "extconfig.conf"),
        sqlite=parsed(ETC / "sqlite3" / "res_config_sqlite3.conf"),
        sorcery=parsed(ETC / "sorcery.conf"),
        extensions=dialplan.merged(rows),
        iax=ConfigFile({"2001": ()}),
        queues=parsed(ETC / "queues.conf"),
        logger=parsed(ETC / "logger.conf"),
        music=parsed(ETC / "musiconhold.conf"),
    )


def without(file: ConfigFile, section: str, key: str, value: str = "") -> ConfigFile:
    """Leave out the lines of a key, or that with this value."""
    left = tuple(
        line for line in file.sections[section] if line[0] != key or (value and line[1] != value)
    )
    return ConfigFile({**file.sections, section: left})


def saying(file: ConfigFile, section: str, key: str, value: str) -> ConfigFile:
    """Say something else of a key."""
    lines = without(file, section, key).sections[section]
    return ConfigFile({**file.sections, section: (*lines, (key, value))})


def failures(config: AsteriskConfig, stored: Stored | None = SIP_ONLY) -> list[Result]:
    return [result for result in config_results(config, stored) if not result.ok]


def the_failure(config: AsteriskConfig, stored: Stored | None = SIP_ONLY) -> Result:
    (failure,) = failures(config, stored)
    assert failure.remedy
    return failure


@pytest.mark.parametrize("stored", [SIP_ONLY, WITH_IAX2, WITH_TRUNK, WITH_QUEUE, Stored(), None])
def test_the_files_that_we_ship_lack_nothing(stored: Stored | None) -> None:
    assert failures(shipped(), stored) == []


@pytest.mark.parametrize(
    "family",
    [
        *("ps_endpoints", "ps_auths", "ps_aors", "voicemail", "extensions"),
        *("classes_of_service.conf", "iax_friends.conf"),
    ],
)
def test_a_missing_table_is_named_with_the_very_line_that_we_ship(family: str) -> None:
    good = shipped()
    bad = replace(good, extconfig=without(good.extconfig, "settings", family))
    failure = the_failure(bad, WITH_IAX2)
    assert failure.name == "extconfig.conf"
    assert f"`{family}`" in failure.detail
    (value,) = good.extconfig.values("settings", family)
    assert f"`{family} => {value}`" in failure.remedy


def test_without_extconfig_and_sorcery_every_line_is_named() -> None:
    bad = replace(shipped(), extconfig=ConfigFile(), sorcery=ConfigFile())
    names = [failure.name for failure in failures(bad, WITH_IAX2)]
    assert names == ["extconfig.conf"] * 7 + ["sorcery.conf"] * 3


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("sqlite3,pbxbridge,voicemail_users", "from the table `voicemail_users`"),
        ("sqlite3,asterisk,voicemail", "`asterisk`, which res_config_sqlite3.conf does not have"),
    ],
)
def test_a_table_that_is_not_ours_or_out_of_reach_is_wrong(value: str, words: str) -> None:
    good = shipped()
    bad = replace(good, extconfig=saying(good.extconfig, "settings", "voicemail", value))
    assert words in the_failure(bad).detail


@pytest.mark.parametrize(
    "value", ["sqlite3,pbxbridge", 'sqlite3,"pbxbridge",voicemail,1', "odbc,asterisk,voicemail"]
)
def test_a_table_may_be_mapped_in_other_words(value: str) -> None:
    good = shipped()
    other = replace(good, extconfig=saying(good.extconfig, "settings", "voicemail", value))
    assert failures(other) == []


def test_the_line_to_add_names_the_driver_that_the_site_has() -> None:
    odbc = ConfigFile({"settings": (("ps_auths", "odbc,asterisk,ps_auths"),)})
    remedies = [failure.remedy for failure in failures(replace(shipped(), extconfig=odbc))]
    assert len(remedies) == 5
    assert "`ps_endpoints => odbc,asterisk,ps_endpoints`" in remedies[0]


@pytest.mark.parametrize("kind", ["endpoint", "auth", "aor"])
def test_sip_devices_must_come_from_the_database(kind: str) -> None:
    good = shipped()
    line = f"`{kind} = realtime,ps_{kind}s`"
    rest = f"`{kind} = config,pjsip.conf,criteria=type={kind}`"
    gone = the_failure(replace(good, sorcery=without(good.sorcery, "res_pjsip", kind)))
    assert line in gone.remedy
    assert rest in gone.remedy  # or the site's own trunks would be gone
    first = good.sorcery.values("res_pjsip", kind)[0]
    half = the_failure(replace(good, sorcery=without(good.sorcery, "res_pjsip", kind, first)))
    assert line in half.remedy
    assert rest not in half.remedy


def test_contacts_in_sqlite_are_refused_and_elsewhere_not() -> None:
    good = shipped()
    sorcery = saying(good.sorcery, "res_pjsip", "contact", "realtime,ps_contacts")
    for driver, count in (("sqlite3", 1), ("odbc", 0)):
        extconfig = saying(
            good.extconfig, "settings", "ps_contacts", f"{driver},pbxbridge,ps_contacts"
        )
        assert len(failures(replace(good, sorcery=sorcery, extconfig=extconfig))) == count


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("sub-extension", "exten", "[sub-extension]"),
        ("extensions", "switch", "[extensions]"),
        ("features", "", "[features]"),
        ("globals", "MAX_FORWARDS", "`MAX_FORWARDS`"),
        ("cos-internal", "", "[cos-internal]"),
    ],
)
def test_a_missing_piece_of_the_dialplan_is_named(section: str, key: str, words: str) -> None:
    good = shipped()
    rest = {name: lines for name, lines in good.extensions.sections.items() if name != section}
    extensions = without(good.extensions, section, key) if key else ConfigFile(rest)
    failure = the_failure(replace(good, extensions=extensions))
    assert failure.name == "extensions.conf"
    assert words in failure.detail
    assert "dialplan reload" in failure.remedy


@pytest.mark.parametrize(
    ("value", "well"),
    [
        ("Realtime/extensions@extensions", True),
        ("Realtime/extensions", True),
        ("Realtime/@", True),
        ("Realtime/extensions@extensions/p", True),
        ("Realtime/internal@extensions", False),
        ("Realtime/extensions@other", False),
        ("DUNDi/extensions", False),
    ],
)
def test_a_switch_leads_to_our_rows_or_not(value: str, *, well: bool) -> None:
    good = shipped()
    other = replace(good, extensions=saying(good.extensions, "extensions", "switch", value))
    assert (failures(other) == []) is well


def test_iax2_may_be_missing_until_an_extension_uses_it() -> None:
    good = shipped()
    bare = replace(
        good,
        actions=good.actions - {"IAXpeerlist"},
        iax=ConfigFile(),
        extconfig=without(good.extconfig, "settings", "iax_friends.conf"),
    )
    assert failures(bare) == []
    (note,) = (each for each in config_results(bare, SIP_ONLY) if each.name == "iax.conf")
    assert "Load chan_iax2.so" in note.detail
    assert "`iax_friends.conf => " in note.detail

    named = [failure.name for failure in failures(bare, WITH_IAX2)]
    assert named == ["extconfig.conf", "iax.conf", "iax.conf"]


def test_without_the_database_nothing_is_said_of_iax2() -> None:
    assert "iax.conf" not in [each.name for each in config_results(shipped(), None)]


@pytest.mark.parametrize("module", [*SILENT_MODULES, "res_pjsip", "app_voicemail"])
def test_a_module_that_is_missing_or_did_not_start_is_named(module: str) -> None:
    good = shipped()
    bad = replace(
        good,
        loaded=good.loaded - {module},
        actions=good.actions - set(MODULE_ACTIONS.get(module, ())),
    )
    failure = the_failure(bad)
    assert (failure.name, failure.detail.split()[0]) == ("modules", module)


def test_what_asterisk_will_not_say_is_a_failure_and_no_guess() -> None:
    good = shipped()
    refused = the_failure(replace(good, actions=good.actions - {"GetConfig"}))
    assert "could not be checked" in refused.detail
    broken = replace(good, extensions=ConfigFile(unreadable="Config file has invalid format"))
    failure = the_failure(broken)
    assert "could not be checked" in failure.detail
    assert '#include "classes_of_service.conf"' in failure.remedy
