"""Import and export on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pbxbridge.cli import app
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs the program on a migrated database."""
    monkeypatch.setenv("PBXBRIDGE_DATABASE__URL", database_url)
    configure_logging(LogSettings(level="warning"))
    return CliRunner()


def test_a_file_is_tried_imported_and_exported_again(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("number,caller_id_name,voicemail,voicemail_pin\n0100,Ada,yes,4815162\n")
    tried = run.invoke(app, ["import", str(file), "--dry-run"])
    assert tried.exit_code == 0
    assert "row 2: create 0100" in tried.output
    assert "1 would be created" in tried.output
    imported = run.invoke(app, ["import", str(file)])
    assert "1 created, 0 changed" in imported.output
    export = tmp_path / "export.csv"
    assert run.invoke(app, ["export", str(export)]).exit_code == 0
    assert "0100,SIP,Ada" in export.read_text(encoding="utf-8-sig")
    again = run.invoke(app, ["import", str(export), "--dry-run"])
    assert "1 would be left as they are" in again.output
    assert "4815162" not in tried.output + imported.output + export.read_text()


def test_an_export_goes_to_standard_output_too(run: CliRunner) -> None:
    assert run.invoke(app, ["export", "-"]).output.startswith("\ufeffnumber,device_type")


def test_mistakes_are_printed_and_end_with_1(run: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("number,caller_id_name,voicemail\n0100,Ada,yes\n0100,[red]Eve,no\n")
    result = run.invoke(app, ["import", str(file)])
    assert result.exit_code == 1
    assert "row 2 0100 voicemail_pin: A voicemail box needs a PIN." in result.output
    assert "row 3 0100 number: Extension 0100 stands in row 2" in result.output
    assert "2 mistakes. Nothing was imported." in result.output


@pytest.mark.parametrize("arguments", [["nowhere.csv"], [__file__, "--format", "xlsx"]])
def test_what_cannot_be_read_is_said_in_a_sentence(run: CliRunner, arguments: list[str]) -> None:
    result = run.invoke(app, ["import", *arguments])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
