"""Queues: the board of who waits, who is there to answer, and how today goes; a wall screen of the same.

Owns: the limits that colour and alarm, a set for each shop; the keys of wall screens. What it shows is
calls' (who waits, today's numbers by the definition of the reports) and presence's (members, pauses).
Tables: queues_screens (secret). Only hashes of keys.
Events in: none.
Events out: none.
Live topics: none; the board follows call, presence and pbx.
"""
