"""Mailings: one text to many clients who have agreed to it, as fast as the shop likes, until it is stopped.

Owns: mailings with their text, audience and approval; the list of each with what became of every client on
it, and why the others were left out; what came of it.
Tables: mailings_mailings (business), mailings_recipients (personal), mailings_lists (personal).
Events in: message.settled, message.arrived, consent.changed.
Events out: none.
Rules: rules.py (states, pace, sums), rules_lists.py (files of numbers), rules_texts.py (variables, parts).
Live topics: mailing.
"""
