"""The business: one folder per module, all of one shape."""
