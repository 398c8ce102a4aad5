"""pbxbridge: between the people who administer phone extensions and an Asterisk PBX."""
