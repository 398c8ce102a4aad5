"""`make run`: everything on one machine, so that the screen is alive at first sight."""
