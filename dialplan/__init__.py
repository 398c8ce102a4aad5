"""How calls flow: the static extensions.conf, and pure functions that turn facts into its rows."""
