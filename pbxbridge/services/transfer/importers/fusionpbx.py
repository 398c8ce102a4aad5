"""FusionPBX: the file that its Extensions screen exports, with voicemail columns where added.

Source for names and values: FusionPBX's app/extensions (app_config.php, extension_download.php)
and app/voicemails (voicemail_export.php, voicemail_edit.php).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pbxbridge.services.transfer.importers.reading import (
    Extracted,
    Reading,
    is_yes,
    mapped,
    number_of,
    yes_or_no,
)

NAME = "fusionpbx"

# Any of these tells the file from another system's, which has a column `extension` as well.
_OWN = frozenset(
    {
        "effective_caller_id_name",
        "outbound_caller_id_number",
        "directory_first_name",
        "voicemail_mail_to",
        "user_context",
        "extension_uuid",
    }
)
_COUNTERPARTS = {
    "number": "extension",
    "caller_id_name": "effective_caller_id_name",
    "secret": "password",
    "external_caller_id": "outbound_caller_id_number",
    "emergency_caller_id": "emergency_caller_id_number",
    "ring_time": "call_timeout",
    "phone_group": "call_group",
    "voicemail": "voicemail_enabled",
    "voicemail_pin": "voicemail_password",
    "voicemail_email": "voicemail_mail_to",
    "voicemail_audio": "voicemail_file",
    "voicemail_after_sending": "voicemail_local_after_email",
    "do_not_disturb": "do_not_disturb",
    "forward_all": "forward_all_destination",
    "forward_busy": "forward_busy_destination",
    "forward_no_answer": "forward_no_answer_destination",
    "forward_unregistered": "forward_user_not_registered_destination",
}
_FORWARDS = {
    "forward_all": "forward_all",
    "forward_busy": "forward_busy",
    "forward_no_answer": "forward_no_answer",
    "forward_unregistered": "forward_user_not_registered",
}
_AUDIO = {"attach": "wav", "link": "link"}
_ALSO_READ = (
    "directory_first_name",
    "directory_last_name",
    "description",
    "enabled",
    *(f"{forward}_enabled" for forward in _FORWARDS.values()),
)
_PLAIN = ("number", "secret", "voicemail_pin", "voicemail_email", "ring_time", "phone_group")


def reading(columns: Sequence[str]) -> Reading | None:
    """Return how to read the file, None if its columns are not FusionPBX's."""
    if "extension" not in columns or not _OWN & set(columns):
        return None
    return mapped(NAME, columns, _COUNTERPARTS, _ALSO_READ, _extract)


def _extract(cells: Mapping[str, str]) -> Extracted:
    if "enabled" in cells and not is_yes(cells["enabled"]):
        # Here an extension that is there works.
        values = {"number": cells["extension"]}
        return Extracted(values, left_out="It is switched off there, so it is left out.")
    values = {field: cells[column] for field in _PLAIN if (column := _COUNTERPARTS[field]) in cells}
    if name := _name(cells):
        values["caller_id_name"] = name
    for field in ("external_caller_id", "emergency_caller_id"):
        if (column := _COUNTERPARTS[field]) in cells:
            values[field] = number_of(cells[column])
    for field in ("voicemail", "do_not_disturb"):
        if (column := _COUNTERPARTS[field]) in cells:
            values[field] = yes_or_no(cells[column])
    for field, theirs in _FORWARDS.items():
        if (destination := f"{theirs}_destination") in cells:
            # What is switched off keeps its destination there.
            is_on = is_yes(cells.get(f"{theirs}_enabled", "yes"))
            values[field] = number_of(cells[destination]) if is_on else ""
    return Extracted(values | _mails(cells))


def _mails(cells: Mapping[str, str]) -> dict[str, str]:
    values = {}
    if audio := _AUDIO.get(cells.get("voicemail_file", "").strip().lower()):
        values["voicemail_audio"] = audio
    if local := cells.get("voicemail_local_after_email", "").strip():
        values["voicemail_after_sending"] = "keep" if is_yes(local) else "delete"
    return values


def _name(cells: Mapping[str, str]) -> str:
    full = f"{cells.get('directory_first_name', '')} {cells.get('directory_last_name', '')}"
    candidates = (cells.get("effective_caller_id_name", ""), full, cells.get("description", ""))
    return next((name.strip() for name in candidates if name.strip()), "")
