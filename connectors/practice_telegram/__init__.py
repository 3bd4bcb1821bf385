"""The practice Telegram: a Telegram of paper that really speaks the Bot API over HTTP, both ways.

Owns     the API of one bot on a loopback port: updates fetched (offset, 24 hours, one poller at a time) or
         brought with their secret, what a bot sends and uploads, its limits (30 a second, one a second to a
         chat, a 429 for the whole bot), groups, connected business accounts; a ledger of all that happened.
Page     /system/practice: one is the client, writes, shares the contact, presses the shop's buttons.
Tables   none.  Events: none; the Telegram connector follows it like the real one (`HUB_TELEGRAM__API_BASE`).
Not yet  markup (a bot that sends some is only noted), stickers, channels.

Quality: bronze
  samples     none: it speaks by Telegram's documentation, and aiogram is what reads it in every test
  stops       test_practice.py::test_it_stops_in_time
  secrets     none: its token is made anew in each process and leaves it nowhere
"""
