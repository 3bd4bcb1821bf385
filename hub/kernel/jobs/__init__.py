"""Work by the clock and work that was asked for: defined by modules, kept in a table, run under a lease."""
