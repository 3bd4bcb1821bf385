"""Things that tests need made: one small file per module."""
