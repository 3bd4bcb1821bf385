"""Backup and restore: one archive file, proved by a rehearsal, put back in whole or not at all."""
