"""Alerts: the staff's own group in a messenger is told at once what cannot wait, and acts on it by a button.

Owns: which group it is and what it is told, whose messenger account is whose, the posts and what became of
them.
Tables: alerts_groups (business), alerts_accounts (personal), alerts_posts (personal), alerts_replies (open).
Events in: task.opened, task.shared, task.taken, task.closed, message.settled, recording.reviewed,
group.said, group.pressed, group.changed.
Events out: none.
Rules: rules.py (kinds, codes, when the shop is open again). Others tell by AlertsApi.tell, once for a cause.
"""
