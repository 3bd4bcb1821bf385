"""Messaging: one thread with each client over all channels, and everything that the shop sends.

Owns: threads, addresses, messages and what became of them, their files, notes, templates; the one way out.
Tables: messaging_conversations (personal), messaging_addresses (personal), messaging_messages (personal),
messaging_early (open), messaging_files (personal), messaging_notes (personal),
messaging_templates (business).
Events in: message.received, message.status_changed (both on the hot path), message.barred,
message.sent_elsewhere, message.deleted, message.reach_changed, crm.client_phone_added, crm.number_released,
consent.changed, consent.word_heard.
Events out: message.arrived, message.settled, message.barred, message.reach_changed.
Rules: rules.py (how far a message has come, what a thread waits for), rules_sms.py (parts and prices).
Live topics: conversation.
"""
