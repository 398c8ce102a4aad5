"""The editor's form as a browser would send it: what is filled in, ticked and chosen."""

from __future__ import annotations

from html.parser import HTMLParser


def filled_in(page: str) -> dict[str, str]:
    """Return the fields of the editor in a page by name, unticked boxes left out."""
    form = _EditorForm()
    form.feed(page)
    if not form.fields:
        raise RuntimeError("There is no editor in this page.")
    return form.fields


class _EditorForm(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._inside = "editor" in given.get("class", "").split()
        elif not self._inside:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given:
            self.fields[self._select] = given.get("value", "")
        elif tag == "input" and name:
            is_box = given.get("type") == "checkbox"
            if not is_box or "checked" in given:
                self.fields[name] = given.get("value", "on" if is_box else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
