"""Consents: who may be written to, for what, since when not, and at what hours.

Owns: the ledger of consents and their ends, what STOP took, the gate that everything which is sent has to
pass, quiet hours and how often at most.
Tables: consents_entries (personal), consents_touches (personal).
Events in: message.arrived, message.settled, message.reach_changed, consent.word_said,
link.confirmed.
Events out: consent.changed, consent.word_said, consent.word_heard.
Rules: rules.py (how it stands), rules_words.py (STOP in three languages), rules_hours.py, rules_gate.py.
"""
