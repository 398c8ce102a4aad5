"""What an import would do and what it did, in a sentence that leaves out what is nothing. Pure."""

from __future__ import annotations


def would_do(create: int, change: int) -> str:
    """Return what would be done, such as "create 2 extensions and change 1"; empty for nothing."""
    parts = [
        f"{verb} {count:,}" for verb, count in (("create", create), ("change", change)) if count
    ]
    if not parts:
        return ""
    return " and ".join([f"{parts[0]} {_extensions(create or change)}", *parts[1:]])


def as_they_are(count: int) -> str:
    """Return how many extensions are what the file says already; empty for none."""
    return f"{count:,} {_is(count)} as the file says already." if count else ""


def was_done(created: int, changed: int, untouched: int) -> str:
    """Return what was done, such as "1 created, 2 changed."."""
    left = "left as it was" if untouched == 1 else "left as they were"
    parts = ((created, "created"), (changed, "changed"), (untouched, left))
    return ", ".join(f"{count:,} {words}" for count, words in parts if count) + "."


def _extensions(count: int) -> str:
    return "extension" if count == 1 else "extensions"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
