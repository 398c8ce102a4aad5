"""What ``pbxbridge check`` says of an administrator's own templates of mails."""

from __future__ import annotations

from pathlib import Path

from pbxbridge.check_result import Result
from pbxbridge.mail.mail_templates import own_templates

NAME = "mail templates"
REMEDY = "Mails use the built-in templates instead. See docs/mail-templates.md."


def template_results(own: Path | None) -> list[Result]:
    """Render each template of the folder with sample messages; without a folder nothing is said."""
    if own is None:
        return []
    _, problems = own_templates(own)
    if problems:
        return [Result(NAME, False, str(problem), REMEDY) for problem in problems]
    return [Result(NAME, True, f"every template in {own} can be used")]
