"""Hashes of passwords for tests that are about something else: those of a site take their time."""

from argon2 import PasswordHasher

# The least that argon2 takes.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
