"""The scenarios that can be recorded: each is a small play on a Stage, by name."""
