"""The demo shop: a Ukrainian car-repair shop with people, lines, clients and a week of past calls.

The same people, lines and callers stand on the practice exchange (connectors/practice_pbx/cast.py);
a test compares the two."""
