"""The mail outbox: what is stored to be sent, sending it, and what administrators do with it."""
