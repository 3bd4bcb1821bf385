"""A long day in short: calls without end, a fault a minute, and the exchange's own ledger as the judge."""
