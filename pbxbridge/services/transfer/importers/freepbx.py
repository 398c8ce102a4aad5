"""FreePBX: the file that its Bulk Handler exports for extensions.

Sources for names and values: FreePBX's bulkhandler module (sample files in tools/ and utests/), the
drivers of its core module, and its voicemail module (bulkhandlerGetHeaders). Call forwarding and do
not disturb live in Asterisk's database there and are no part of the export; where a file has them,
their names are those of the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pbxbridge.services.transfer.importers.reading import (
    Extracted,
    Reading,
    is_yes,
    mapped,
    number_of,
    yes_or_no,
)

NAME = "freepbx"

_DEVICE_TYPES = {
    "": "SIP",
    "pjsip": "SIP",
    "sip": "SIP",
    "iax2": "IAX2",
    "dahdi": "DAHDI",
    "zap": "DAHDI",
    "virtual": "VIRTUAL",
}
_COUNTERPARTS = {
    "number": "extension",
    "caller_id_name": "name",
    "device_type": "tech",
    "secret": "secret",
    "external_caller_id": "outboundcid",
    "emergency_caller_id": "emergency_cid",
    "ring_time": "ringtimer",
    "voicemail": "voicemail",
    "voicemail_pin": "voicemail_vmpwd",
    "voicemail_email": "voicemail_email",
    "voicemail_audio": "voicemail_options",
    "voicemail_after_sending": "voicemail_options",
    "phone_group": "namedcallgroup",
    "monitored": "qualifyfreq",
    "dahdi_channel": "dial",
    "twinning_number": "findmefollow_grplist",
    "do_not_disturb": "donotdisturb",
    "forward_all": "callforward_all",
    "forward_busy": "callforward_busy",
    # The API's name for what Asterisk's database has under CFU, which the dialplan uses when
    # nobody answers or nobody can be reached.
    "forward_no_answer": "callforward_unconditional",
}
_ALSO_READ = ("description", "voicemail_enable", "findmefollow_enabled", "channel")
# Taken over as they are.
_PLAIN = ("number", "secret", "voicemail_pin", "voicemail_email", "phone_group")
_NUMBERS = (
    "external_caller_id",
    "emergency_caller_id",
    "forward_all",
    "forward_busy",
    "forward_no_answer",
)


def reading(columns: Sequence[str]) -> Reading | None:
    """Return how to read the file, None if there is no column ``extension``."""
    if "extension" not in columns:
        return None
    return mapped(NAME, columns, _COUNTERPARTS, _ALSO_READ, _extract)


def _extract(cells: Mapping[str, str]) -> Extracted:
    values = {field: cells[column] for field in _PLAIN if (column := _COUNTERPARTS[field]) in cells}
    for field in _NUMBERS:
        if (column := _COUNTERPARTS[field]) in cells:
            values[field] = number_of(cells[column])
    if name := cells.get("name", "").strip() or cells.get("description", "").strip():
        values["caller_id_name"] = name
    if "tech" in cells:
        tech = cells["tech"].strip().lower()
        # One that is not known is refused as our own would be.
        values["device_type"] = _DEVICE_TYPES.get(tech, tech)
    if values.get("device_type") == "DAHDI":
        channel = cells.get("channel", "") or cells.get("dial", "")
        values["dahdi_channel"] = re.sub(r"^\w+/", "", channel.strip())
    values |= _ringing(cells) | _voicemail(cells) | _mails(cells)
    twin, notes = _follow_me(cells)
    return Extracted(values | twin, notes)


def _ringing(cells: Mapping[str, str]) -> dict[str, str]:
    values = {}
    if "ringtimer" in cells:
        # 0 is the site's own ring time.
        values["ring_time"] = cells["ringtimer"].strip().removeprefix("0")
    if "qualifyfreq" in cells:
        values["monitored"] = "no" if cells["qualifyfreq"].strip() == "0" else "yes"
    if "donotdisturb" in cells:
        values["do_not_disturb"] = yes_or_no(cells["donotdisturb"])
    return values


def _voicemail(cells: Mapping[str, str]) -> dict[str, str]:
    if enable := cells.get("voicemail_enable", "").strip():
        return {"voicemail": yes_or_no(enable)}
    if "voicemail" in cells:
        # The context of the box, or novm.
        return {"voicemail": "no" if cells["voicemail"].strip() in ("", "novm") else "yes"}
    return {"voicemail": "no"} if "voicemail_enable" in cells else {}


def _mails(cells: Mapping[str, str]) -> dict[str, str]:
    """Return how mails are, from options of voicemail.conf such as ``attach=no|delete=no``."""
    options = dict(
        option.strip().lower().split("=", 1)
        for option in cells.get("voicemail_options", "").split("|")
        if "=" in option
    )
    values = {}
    if attach := options.get("attach"):
        # Who wants no recording in the mail gets none here either.
        values["voicemail_audio"] = "wav" if is_yes(attach) else "link"
    if delete := options.get("delete"):
        values["voicemail_after_sending"] = "delete" if is_yes(delete) else "keep"
    return values


def _follow_me(cells: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the number to twin, from a list such as ``818-09171234567#``."""
    if "findmefollow_grplist" not in cells:
        return {}, ()
    if not is_yes(cells.get("findmefollow_enabled", "")):
        return {"twinning_number": ""}, ()
    listed = [part.strip().rstrip("#") for part in cells["findmefollow_grplist"].split("-")]
    others = [number for number in listed if number not in ("", cells["extension"].strip())]
    notes: tuple[str, ...] = ()
    if len(others) > 1:
        notes = (f"Of the numbers of Follow Me only {others[0]} becomes its twin.",)
    return {"twinning_number": others[0] if others else ""}, notes
