"""The words of a voicemail's mail: one folder per language, and an administrator's own before it.

What is wrong with a template of one's own never keeps a mail back: the built-in one is used, and
the log and ``pbxbridge check`` say why (docs/mail-templates.md).
"""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from babel import Locale
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pbxbridge.mail.template_variables import sample_variables
from pbxbridge.own_files import Problem

BUILT_IN = Path(__file__).parent / "templates" / "voicemail"
SUBJECT, TEXT, PAGE = FILES = ("subject.txt", "text.txt", "page.html")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """What the templates of one language make of one message."""

    subject: str
    text: str
    page: str


def languages() -> tuple[tuple[str, str], ...]:
    """Return the code of each language that there is a folder of, and what it calls itself."""
    codes = sorted(path.name for path in BUILT_IN.iterdir() if path.is_dir())
    return tuple((code, Locale.parse(code).languages[code].capitalize()) for code in codes)


class MailTemplates:
    """The templates as they were when this was made."""

    def __init__(self, own: Path | None = None) -> None:
        """``own`` has templates that replace built-in ones of the same name, any of them."""
        self._languages = frozenset(code for code, _ in languages())
        self._built_in = _built_in()
        self._own: dict[str, Template] = {}
        self._logged: set[str] = set()
        if own is not None:
            self._folder = own
            self._own, problems = own_templates(own)
            for problem in problems:
                _log(problem)

    def language(self, *wanted: str) -> str:
        """Return the first wanted language that there is."""
        return next((code for code in wanted if code in self._languages), "en")

    def words(self, language: str, variables: dict[str, Any]) -> Words:
        """Render what a mail in one of the languages says."""
        subject, text, page = (self._rendered(f"{language}/{file}", variables) for file in FILES)
        return Words(subject, text, page)

    def _rendered(self, name: str, variables: dict[str, Any]) -> str:
        if template := self._own.get(name):
            try:
                return template.render(variables)
            except Exception as why:  # a template may raise whatever its expressions do
                if name not in self._logged:
                    self._logged.add(name)
                    _log(_problem(why, name, self._folder))
        return self._built_in[name].render(variables)


def own_templates(own: Path) -> tuple[dict[str, Template], list[Problem]]:
    """Return the templates of one's own by name, and what is wrong with others.

    Each is rendered with sample messages first; one that does not stand that is not returned.
    """
    if not (own.is_dir() and os.access(own, os.R_OK | os.X_OK)):
        return {}, [Problem(str(own), 0, "is not a folder that can be read")]
    templates, problems = _tried(own, BUILT_IN)
    return templates, [*problems, *_unused(own)]


@cache
def _built_in() -> dict[str, Template]:
    templates, _ = _tried(BUILT_IN)
    return templates


def _tried(*folders: Path) -> tuple[dict[str, Template], list[Problem]]:
    """Return the templates by name that can be rendered, and why others cannot."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    templates, problems = {}, []
    for language, _ in languages():
        for name in (f"{language}/{file}" for file in FILES):
            try:
                template = environment.get_template(name)
                for variables in sample_variables(language):
                    template.render(variables)
            except Exception as why:  # as above, and what reading a file raises
                problems.append(_problem(why, name, folders[0]))
            else:
                templates[name] = template
    # A broken frame is one problem, not one of each language.
    return templates, list(dict.fromkeys(problems))


def _problem(why: Exception, name: str, folder: Path) -> Problem:
    """Say where in the folder an error arose; in doubt, in the template that was rendered."""
    reason = " ".join(str(why).split()) or type(why).__name__
    if isinstance(why, TemplateSyntaxError):
        return Problem(_relative(why.filename or name, folder), why.lineno, reason)
    for frame in reversed(traceback.extract_tb(why.__traceback__)):
        if Path(frame.filename).is_relative_to(folder):
            return Problem(_relative(frame.filename, folder), frame.lineno or 0, reason)
    return Problem(name, 0, reason)


def _relative(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


def _unused(own: Path) -> list[Problem]:
    """Return the files that lie in folders for languages and are none of a language's."""
    codes = {code for code, _ in languages()}
    problems = []
    for path in sorted(own.glob("*/*")):
        if path.parent.name not in codes:
            problems.append(Problem(path.parent.name, 0, "is not a language that there is"))
        elif path.name not in FILES:
            reason = f"is not used; a language has {', '.join(FILES)}"
            problems.append(Problem(_relative(str(path), own), 0, reason))
    return list(dict.fromkeys(problems))


def _log(problem: Problem) -> None:
    log.error(
        "voicemail.template_refused",
        file=problem.file,
        line=problem.line,
        reason=problem.reason,
    )
