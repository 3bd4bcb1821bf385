"""Reports on calls: how many came, when, by which line, who answered how fast, whom nobody reached.

Owns: what the numbers mean (rules.py) and how they are shown; nothing of its own is stored.
Tables: none. The calls are counted by calls (api.py: statistics), call-backs by tasks.
Events in: none.
Events out: none.
Numbers and the lists behind them come from the same filter (hub/modules/calls/filters.py).
"""
