"""Wrap-up: what came of a call, in two keys: a disposition, tags, the next action.

Owns: the shop's own words for dispositions and tags, and which call has which.
Tables: wrapup_choices (business), wrapup_marks (business).
Events in: call.merged.
Events out: call.wrapped_up.
Of others: it adds the filters `disposition` and `tag` to the list of calls (filters.py).
Rules: rules.py (the words that there are at the beginning, what a new list of words means for the old one).
Live topics: it hints `call`.
"""
