"""Whether a change can be undone: decided from the newer entries, without asking anybody.

The rule: nothing newer touched the same fields of the same subject, and the fields still are what
the change made them. The second is for what has two names: who uses an extension is a field of the
extension and of the user, so a change of one leaves no entry of the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pbxbridge.errors import Conflict
from pbxbridge.services.audit_view import AuditView

CHANGED, CREATED, DELETED, UNDONE = ("changed", "created", "deleted", "change-undone")
# The field that holds the other end's names, on both ends: (kind, field) to (kind, field).
LINKS = {
    ("extension", "users"): ("user", "extensions"),
    ("user", "extensions"): ("extension", "users"),
}
# Other fields are there with some of their values only.
SWITCHES = frozenset({"device_type", "voicemail"})
UNDOABLE = frozenset({f"extension.{CHANGED}", f"user.{CHANGED}"})

_SECRETS = ("pin", "secret", "password", "second-factor", "api-token")


@dataclass(frozen=True, slots=True)
class Undo:
    """Whether a change can be undone.

    ``why_not`` is empty if it can, else a sentence about these ``fields`` and the newer entries
    ``in_the_way``. ``undoes`` is the change that this one undid, ``undone_by`` the one that undid
    this one; None if there is none.
    """

    why_not: str
    fields: tuple[str, ...] = ()
    in_the_way: tuple[AuditView, ...] = ()
    undoes: int | None = None
    undone_by: int | None = None

    @property
    def possible(self) -> bool:
        """Whether it can be undone."""
        return not self.why_not


class NotUndoable(Conflict):
    """The change cannot be undone, for the reason that ``undo`` gives."""

    def __init__(self, undo: Undo) -> None:
        super().__init__(undo.why_not)
        self.undo = undo


def never(action: str) -> str:
    """Return why no change of that kind can be undone; empty if some can."""
    if action in UNDOABLE:
        return ""
    _, _, what = action.partition(".")
    if what == CREATED:
        return "A creation cannot be undone. What was created can be deleted."
    if what == DELETED:
        return "A deletion cannot be undone: nothing is left of what was deleted."
    if any(secret in what for secret in _SECRETS):
        return "PINs, passwords and other secrets are not recorded, so none can be put back."
    return "Only changes of extensions and users can be undone."


def actions_of(kind: str) -> list[str]:
    """Return the actions that say something about undoing a change of that kind."""
    return [f"{kind}.{what}" for what in (CHANGED, CREATED, DELETED, UNDONE)]


def touching(newer: Sequence[AuditView], names: Collection[str]) -> list[AuditView]:
    """Return the entries that changed one of these fields, or all of them at once."""
    return [entry for entry in newer if _touches(entry, names)]


def moved(entry: AuditView, present: Mapping[str, object]) -> list[str]:
    """Return the fields that are no longer what the change made them."""
    return [name for name in entry.fields if present.get(name) != entry.after.get(name)]


def changed_link(newer: Sequence[AuditView], field: str, name: str) -> list[AuditView]:
    """Return the newer entries of the other end that began or ended the link to ``name``."""
    return [
        entry
        for entry in newer
        if (name in _names(entry.before, field)) != (name in _names(entry.after, field))
    ]


def decide(
    entry: AuditView,
    newer: Sequence[AuditView],
    present: Mapping[str, object],
    undone: Mapping[str, object],
    moved_by: Sequence[AuditView] = (),
) -> Undo:
    """Return whether the change can be undone.

    ``newer`` are the newer entries of its subject, ``present`` are its fields now (none if it is
    gone), ``undone`` what undoing would make of them. ``moved_by`` are entries of others by which a
    field is no longer what the change made it.
    """
    deletions = [found for found in newer if found.action == f"{entry.kind}.{DELETED}"]
    changes = touching(newer, entry.fields)
    if why := never(entry.action):
        undo = Undo(why)
    elif deletions:
        undo = Undo("What it was made to was deleted since.", (), tuple(deletions))
    elif changes:
        same = [name for name in entry.fields if touching(changes, [name])]
        undo = Undo("A newer change touched the same fields.", tuple(same), tuple(changes))
    elif names := moved(entry, present):
        undo = Undo("It is no longer as this change made it.", tuple(names), tuple(moved_by))
    elif names := _lost(entry, undone):
        sentence = "What was set since leaves no room for the old values."
        undo = Undo(sentence, tuple(names), tuple(touching(newer, SWITCHES)))
    elif names := _beyond(entry, present, undone):
        sentence = "That would also change what was set since."
        undo = Undo(sentence, tuple(names), tuple(touching(newer, names)))
    else:
        undo = Undo("")
    undoes = _reference(newer, entry, this="by", other="change")
    undone_by = _reference(newer, entry, this="change", other="by")
    return replace(undo, undoes=undoes, undone_by=undone_by)


def _beyond(
    entry: AuditView, present: Mapping[str, object], undone: Mapping[str, object]
) -> list[str]:
    """Return the fields that undoing would change although the change did not."""
    others = [name for name in present if name not in entry.fields]
    return [name for name in others if undone.get(name) != present[name]]


def _lost(entry: AuditView, undone: Mapping[str, object]) -> list[str]:
    """Return the fields that undoing would not put back: what they belong to is switched off."""
    return [name for name in entry.fields if undone.get(name) != entry.before.get(name)]


def _touches(entry: AuditView, names: Collection[str]) -> bool:
    what = entry.action.partition(".")[2]
    return what in (CREATED, DELETED) or (
        what == CHANGED and not set(names).isdisjoint(entry.fields)
    )


def _reference(
    newer: Sequence[AuditView], entry: AuditView, *, this: str, other: str
) -> int | None:
    for found in newer:
        if found.action == f"{entry.kind}.{UNDONE}" and found.after.get(this) == entry.id:
            reference = found.after.get(other)
            return reference if isinstance(reference, int) else None
    return None


def _names(fields: Mapping[str, object], field: str) -> list[object]:
    listed = fields.get(field, [])
    return listed if isinstance(listed, list) else []
