"""The desk: whoever answers the phone sees who it is while it rings.

Owns: the page /desk, the caller's card, what a person put away (dismissals).
Tables: desk_dismissals.
Events in: none; it shows what calls and crm hold, told by the hints of /live.
Events out: none; hints of topic `desk` after a dismissal.
Rules: rules.py, the pop as a state machine per person, with its table of states.
"""
