"""Calling out: a click rings one's own phone and then the number, and calls are steered from the screen.

Owns: orders to the PBX, each written before it is sent, once; the gate that every number passes; who may dial
what, how much, and how the PBX is given it. Numbers pass the gate again when they are sent.
Tables: dialling_commands (personal).
Events in: command.seen, pbx.link_restored, presence.chosen.
Events out: command.given, command.settled.
Live topics: dialling.
"""
