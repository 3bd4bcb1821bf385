"""Automatic messages: what the shop writes by itself, when, to whom and why not.

Owns: rules (what happened, text, channels in their order, conditions), and a run for each cause and rule:
what was decided of it and for which reason.
Tables: autotexts_rules (business), autotexts_runs (personal).
Events in: trigger.fired, call.ended (hot path: only looks whether a rule waits for it), call.wrapped_up,
task.opened, task.shared, task.closed, message.arrived, message.settled.
Events out: trigger.fired.
Rules: rules.py (may this go out now), rules_texts.py (a text with its variables), rules_recipes.py (rules
that are ready to be switched on). Other modules declare what rules may wait for (hub.kernel.triggers).
"""
