"""The Asterisk nodes: listening to those that this bridge has the lease of, and acting on any."""
