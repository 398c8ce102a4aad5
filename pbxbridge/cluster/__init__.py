"""Several bridges on one PostgreSQL: who does what, and what the others did.

With SQLite there is one bridge, which does everything and hears of its own changes by its own bus.
"""
