"""The portal: web pages over the services, live by Server-Sent Events."""
