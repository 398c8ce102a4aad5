"""The same change to several extensions at once: all of them are saved, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from pbxbridge.errors import Invalid
from pbxbridge.services.people import Role
from web.access import allow
from web.notices import announce
from web.pages.extension_form import CHOICES, LABELS
from web.pages.extension_query import LIST, list_query
from web.portal import actor_of, portal_of
from web.render import html, part_or_page
from web.requests import read_form, wants_fragment

# One transaction holds them all, and Asterisk waits to write for as long.
MOST_AT_ONCE = 500
NUMBERS = "numbers"
CHANGE = "change-"
ON_OFF = ("agent_logins", "do_not_disturb", "monitored")
# A tick before each says that it is meant.
CHANGEABLE = (
    "users",
    "class_of_service",
    "voicemail",
    "voicemail_audio",
    "voicemail_after_sending",
    "voicemail_language",
    "voicemail_time_zone",
    "forward_all",
    "forward_busy",
    "forward_no_answer",
    "forward_unregistered",
    "ring_time",
    "do_not_disturb",
    "phone_group",
    "external_caller_id",
    "emergency_caller_id",
    "phone_make",
    "phone_model",
    "agent_logins",
    "monitored",
)
PLACEHOLDERS = {
    "users": "nobody",
    "ring_time": "the usual",
    "voicemail_time_zone": "the site's",
}
LISTS = {
    "users": "bulk-users",
    "phone_group": "bulk-groups",
    "voicemail_time_zone": "bulk-time-zones",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence, the field that it is about, and the extensions that it keeps from being saved."""

    label: str
    sentence: str
    numbers: list[str]


def routes() -> list[web.RouteDef]:
    """Return what this module serves. A number has no hyphen, so none is taken for this."""
    path = f"{LIST}/change-many"
    return [web.get(path, ask), web.post(path, change)]


@allow(Role.ADMIN)
async def ask(request: web.Request) -> web.StreamResponse:
    """Ask what to change of the chosen extensions, or of all that the filter lets through."""
    if request.query.get("which") == "all":
        portal = portal_of(request)
        wanted = list_query(request).wanted(portal.board)
        numbers = await portal.extensions.numbers(wanted, MOST_AT_ONCE + 1)
    else:
        numbers = list(dict.fromkeys(request.query.getall(NUMBERS, [])))
    return await _panel(request, numbers, {})


@allow(Role.ADMIN)
async def change(request: web.Request) -> web.StreamResponse:
    """Make the change, or say of which extensions it cannot be made and why."""
    form = await read_form(request)
    numbers = form.get(NUMBERS, "").split()
    changes = {name: form.get(name, "") for name in CHANGEABLE if f"{CHANGE}{name}" in form}
    if not changes or not 0 < len(numbers) <= MOST_AT_ONCE:
        sentence = "Tick what you want to change."
        return await _panel(request, numbers, form, [Refusal("", sentence, [])])
    try:
        views = await portal_of(request).extensions.update_many(actor_of(request), numbers, changes)
    except Invalid as invalid:
        return await _panel(request, numbers, form, refusals_of(invalid.fields))
    if not wants_fragment(request):
        raise web.HTTPSeeOther(f"{LIST}?notice=all-saved")
    response = html("")
    response.headers["HX-Reswap"] = "none"  # the dialog closes, it need not be emptied
    announce(response, f"{len(views)} extension{'' if len(views) == 1 else 's'} changed")
    return response


def refusals_of(wrong: Mapping[str, str]) -> list[Refusal]:
    """Gather ``<number>: <field>`` -> sentence by what is the same of many."""
    found: dict[tuple[str, str], Refusal] = {}
    for key, sentence in wrong.items():
        number, _, name = key.rpartition(": ")
        label = LABELS.get(name, "")
        found.setdefault((label, sentence), Refusal(label, sentence, [])).numbers.append(number)
    return list(found.values())


async def _panel(
    request: web.Request,
    numbers: Sequence[str],
    form: Mapping[str, str],
    refusals: Sequence[Refusal] = (),
) -> web.Response:
    extensions = portal_of(request).extensions
    return await part_or_page(
        request,
        "extensions/bulk.html",
        "question.html",
        title="Change extensions",
        status=422 if refusals else 200,
        numbers=numbers,
        most=MOST_AT_ONCE,
        form=form,
        refusals=refusals,
        names=CHANGEABLE,
        labels=LABELS,
        on_off=ON_OFF,
        choices=CHOICES,
        placeholders=PLACEHOLDERS,
        lists=LISTS,
        classes=await extensions.classes_of_service(),
        groups=await extensions.phone_groups(),
    )
