"""Templates of mails: every language, and an administrator's own, good and broken."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
import structlog

from pbxbridge.check_templates import template_results
from pbxbridge.mail.mail_templates import BUILT_IN, FILES, MailTemplates, Words, languages
from pbxbridge.mail.template_variables import sample_variables
from pbxbridge.mail.voicemail_mail import Delivery, VoicemailMails
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.services.voicemail.mail_choices import LANGUAGES
from pbxbridge.settings import VoicemailSettings

DOCS = Path(__file__).parents[2] / "docs/mail-templates.md"


def write(folder: Path, **files: str) -> Path:
    """Write templates of one's own: ``en__subject="..."`` is ``en/subject.txt``."""
    suffixes = {"page": ".html", "frame": ".html"}
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_suffix(suffixes.get(path.name, ".txt"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def words(own: Path | None = None, language: str = "en") -> Words:
    return MailTemplates(own).words(language, sample_variables(language)[0])


def test_the_settings_and_the_portal_take_the_languages_that_there_are() -> None:
    field = VoicemailSettings.model_fields["language"]
    codes = {code for code, _ in languages()}
    assert codes == set(get_args(field.annotation))
    assert languages() == LANGUAGES == (("de", "Deutsch"), ("en", "English"))


@pytest.mark.parametrize("language", [code for code, _ in languages()])
def test_a_language_says_who_when_how_long_and_where(language: str) -> None:
    attached, linked, nameless = sample_variables(language)
    templates = MailTemplates()
    said = templates.words(language, attached)
    for kind in (said.text, said.page):
        for name in ("caller_name", "caller_number", "date", "time", "zone", "length", "mailbox"):
            assert attached[name] in kind, name
        assert attached["file_name"] in kind
    assert linked["link"] in templates.words(language, linked).text
    # Withheld is told apart from unknown, and neither leaves a hole.
    withheld, unknown = (templates.words(language, who) for who in (linked, nameless))
    assert withheld.subject != unknown.subject
    assert withheld.text.splitlines()[2] != unknown.text.splitlines()[2]
    assert f'lang="{language}"' in said.page


def test_one_file_of_ones_own_replaces_that_one_only(tmp_path: Path) -> None:
    own = write(tmp_path, en__subject="Message for {{ mailbox }} from {{ caller_name }}")
    assert words(own) == replace(words(), subject="Message for 1002 from Alice")
    assert words(own, "de") == words(language="de")


def test_a_frame_of_ones_own_dresses_every_language(tmp_path: Path) -> None:
    own = write(tmp_path, frame="<h1>ACME: {% block heading %}{% endblock %}</h1>")
    assert words(own).page == "<h1>ACME: New voicemail</h1>"
    assert words(own, "de").page == "<h1>ACME: Neue Sprachnachricht</h1>"


def test_a_page_escapes_and_a_text_does_not(tmp_path: Path) -> None:
    own = write(tmp_path, en__page="{{ caller }}", en__text="{{ caller }}")
    assert words(own).page == "Alice &lt;+441632960123&gt;"
    assert words(own).text == "Alice <+441632960123>"


@pytest.mark.parametrize(
    ("file", "text", "line", "reason"),
    [
        ("page.html", "one\n{% if x %}", 2, "Unexpected end of template"),
        ("text.txt", "one\ntwo\n{{ callername }}", 3, "'callername' is undefined"),
        ("subject.txt", "{{ received_at.nope }}", 1, "has no attribute 'nope'"),
        ("page.html", "\n{{ 1 // 0 }}", 2, "division"),
        ("text.txt", "{{ caller|shout }}", 1, "No filter named 'shout'"),
        ("subject.txt", "{% include 'gone.txt' %}", 1, "gone.txt"),
        ("text.txt", "{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("subject.txt", "\n{% if not caller %}{{ nobody }}{% endif %}", 2, "'nobody'"),
    ],
)
def test_a_broken_one_is_told_and_the_built_in_one_used(
    tmp_path: Path, file: str, text: str, line: int, reason: str
) -> None:
    own = write(tmp_path, **{f"de__{Path(file).stem}": text})
    (result,) = template_results(own)
    assert not result.ok
    assert result.detail.startswith(f"de/{file}, line {line}: ")
    assert reason in result.detail
    with structlog.testing.capture_logs() as logs:
        templates = MailTemplates(own)
        for variables in sample_variables("de") * 2:
            assert templates.words("de", variables) == MailTemplates().words("de", variables)
    (entry,) = logs
    assert entry["event"] == "voicemail.template_refused"
    assert (entry["file"], entry["line"]) == (f"de/{file}", line)


def test_a_broken_frame_is_one_problem_of_all_languages(tmp_path: Path) -> None:
    own = write(tmp_path, frame="<p>\n{{ colour }}")
    (result,) = template_results(own)
    assert result.detail == "frame.html, line 2: 'colour' is undefined"
    assert words(own, "de") == words(language="de")


def test_what_breaks_with_one_message_only_is_logged_once_and_sent_all_the_same(
    tmp_path: Path,
) -> None:
    own = write(tmp_path, en__subject="{{ caller_name }} {{ 60 // (seconds - 13) }}")
    assert all(result.ok for result in template_results(own))
    mails = VoicemailMails(sender="voicemail@pbx.local", templates=own)
    message = VoicemailMessage(
        msg_id="1-1",
        mailbox="1002",
        context="default",
        folder="INBOX",
        caller_name="Bob",
        caller_number="1001",
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
        duration=13,
        playable=True,
    )
    delivery = Delivery(("bob@example.org",), None)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert b"Subject: Voicemail from Bob" in mails.content(message, delivery).beginning
        longer = mails.content(replace(message, duration=14), delivery)
    assert b"Subject: Bob 60\r\n" in longer.beginning
    assert [entry["line"] for entry in logs] == [1]


def test_a_subject_of_several_lines_becomes_one(tmp_path: Path) -> None:
    own = write(tmp_path, en__subject="\nVoicemail\r\nBcc: all@example.org\n\n{{ mailbox }}\n")
    mails = VoicemailMails(sender="voicemail@pbx.local", templates=own)
    message = VoicemailMessage(
        "1-1", "1002", "default", "INBOX", "", "", datetime(2026, 3, 1, tzinfo=UTC), 1, True
    )
    mail = mails.content(message, Delivery(("bob@example.org",), None)).beginning
    assert b"Subject: Voicemail Bcc: all@example.org 1002\r\n" in mail


def test_what_is_no_template_is_told(tmp_path: Path) -> None:
    own = write(tmp_path, fr__subject="Bonjour", en__subjekt="Hello", en__text="{{ caller }}")
    (tmp_path / "de").mkdir()
    (tmp_path / "de/text.txt").write_bytes(b"\xff\xfe Gr\xfc\xdfe")
    details = [result.detail for result in template_results(own)]
    assert details == [
        "de/text.txt: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        "en/subjekt.txt: is not used; a language has subject.txt, text.txt, page.html",
        "fr: is not a language that there is",
    ]
    assert words(own).text == "Alice <+441632960123>"
    assert words(own, "de") == words(language="de")


def test_a_folder_that_is_not_there_is_told_and_keeps_no_mail_back(tmp_path: Path) -> None:
    (result,) = template_results(tmp_path / "gone")
    assert (result.ok, result.detail) == (
        False,
        f"{tmp_path / 'gone'}: is not a folder that can be read",
    )
    with structlog.testing.capture_logs() as logs:
        assert words(tmp_path / "gone") == words()
    assert len(logs) == 1


def test_good_ones_pass_the_check_and_none_are_not_checked(tmp_path: Path) -> None:
    assert template_results(None) == []
    # A copy of what is built in is where people begin.
    for path in BUILT_IN.rglob("*.*"):
        copy = tmp_path / path.relative_to(BUILT_IN)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (result,) = template_results(tmp_path)
    assert result.ok


def test_every_variable_is_documented() -> None:
    documented = DOCS.read_text(encoding="utf-8")
    for name in (*sample_variables("en")[0], *FILES, "frame.html"):
        assert f"`{name}`" in documented, name
