"""What Asterisk says of its files over AMI."""

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.asterisk.config_file import ConfigFile, config_file


def test_an_answer_becomes_sections_and_keeps_no_line_that_was_not_asked_for() -> None:
    answer = AmiResponse(
        {
            "Response": "Success",
            "Category-000000": "pbxbridge",
            "Line-000000-000000": "secret=s3cret",
            "Line-000000-000001": "read=system,call",
            "Category-000001": "other",
            "Category-000002": "pbxbridge",
            "Line-000002-000000": "setvar=a=b",
        }
    )
    assert config_file(answer, ["read"]).sections == {
        "pbxbridge": (("read", "system,call"),),
        "other": (),
    }
    assert config_file(answer).values("pbxbridge", "setvar") == ["a=b"]


def test_a_file_that_is_not_there_is_empty_and_one_that_is_refused_is_not() -> None:
    absent = config_file(AmiResponse({"Response": "Error", "Message": "Config file not found"}))
    refused = config_file(AmiResponse({"Response": "Error", "Message": "Permission denied"}))
    assert absent == ConfigFile()
    assert refused == ConfigFile(unreadable="Permission denied")
