"""Invitations: an e-mail with a link by which a person sets up the softphone of an extension."""
