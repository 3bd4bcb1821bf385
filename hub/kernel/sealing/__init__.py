"""Secrets that must be known again lie sealed in the database: under keys that are not in it."""
