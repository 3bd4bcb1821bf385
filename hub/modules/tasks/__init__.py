"""Tasks: a missed call waits with an owner and a clock until somebody has talked to the one who rang.

Owns: call-backs and their clocks in working minutes, tries, tasks made by hand, calls on private mobiles.
Tables: tasks_tasks, tasks_shares, tasks_misses, tasks_tries, tasks_watches, tasks_mobile_calls, tasks_wishes.
Events in: call.ended, call.corrected, call.merged (hot path: only looks whether a task depends on it),
task.call_noticed, task.writer_noticed, call.callback_asked, crm.client_phone_added, crm.number_released,
crm.caller_chosen.
Events out: task.call_noticed, task.writer_noticed, task.opened, task.shared, task.taken, task.escalated,
task.closed: each once for every shop that waits, by its own call.
Rules: rules.py (what is a miss, a try, one open call-back per client or number over all shops),
rules_shares.py (what each of those shops sees), rules_time.py.
Live topics: task.
"""
