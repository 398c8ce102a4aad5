"""``python -m pbxbridge`` is the command ``pbxbridge``."""

from pbxbridge.cli import main

main()
