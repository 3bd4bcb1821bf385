"""Bot: what a client's messenger shows of the shop: a menu, their cars, the way here, who they are to us.

Owns: the signed buttons below the bot's answers, the words of links that tie a chat to a client or a call.
Tables: bot_buttons (open), bot_starts (personal).
Events in: message.arrived.
Events out: none.
Rules: rules.py (what a payload is, whose language). Other modules add entries in their manifests
(hub.kernel.bot); what a person writes in free words stays with messaging.
"""
