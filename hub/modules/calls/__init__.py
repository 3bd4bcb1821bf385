"""Calls as they truly were, their notes, our lines, and the times when calls may be missing.

Owns: the history and the live board. A call belongs to the shop of the line that it came by.
Tables: calls_calls, calls_people, calls_merged, calls_notes, calls_lines, calls_gaps, calls_imported,
calls_trunks, calls_full, calls_recordings, calls_days, calls_tallies (days that are over, added up),
calls_months, calls_month_tallies (the same of months and people).
Events in: call.started, call.queued, call.ringing, call.answered, call.held, call.resumed,
call.transferred, call.changed, call.ended, call.corrected, call.merged, pbx.link_lost,
pbx.link_restored, pbx.gap_declared, pbx.trunks_used, crm.client_phone_added, crm.number_released,
crm.client_erased, crm.caller_erased, recording.stored, recording.linked.
Events out: crm.caller_chosen, call.noted, line.full, line.freed; call.corrected, call.merged (a replay).
Live topics: call, pbx.
"""
