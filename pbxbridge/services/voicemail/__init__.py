"""Voicemail boxes: where messages are kept, relayed to e-mail, listened to and deleted."""
