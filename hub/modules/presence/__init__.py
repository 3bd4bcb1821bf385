"""Presence: how colleagues are, over all their phones and the mobile, and how queues' members are.

Owns: the state of each phone, queue and member as the PBX tells it, and what people say of themselves
(away, do not disturb). One state a person, the strongest wins: the table stands in rules.py. No guesses.
Tables: presence_phones (business), presence_members (business), presence_queues (business),
presence_links (business), presence_chosen (business).
Events in: pbx.phones_changed, pbx.link_lost.
Events out: presence.chosen.
Live topics: presence.
"""
