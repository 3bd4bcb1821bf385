"""Telegram by a bot, in and out: private chats, the staff's groups, and the shop's own account (Business).

Owns     the address /hooks/telegram; the channel `telegram`.
In       updates, asked for (long polling) or brought with a secret (`HUB_TELEGRAM__WEBHOOK_SECRET`); either
         way through the inbox (hub/kernel/hooks): stored raw, known for ever by their ids as a set, and only
         then confirmed. What a silence of more than a day has lost is told on /system.
Out      text, photos, files, voice, places, buttons; one request where it can be. A bot cannot read back what
         it has sent: what was not seen to arrive is left to a person.
Groups   commands, answers to the bot and pressed buttons, as facts of their own (hub/events/groups.py); what
         people say to each other is not taken in.
Events   out: message.received, message.sent_elsewhere, message.deleted, message.reach_changed, group.changed,
         group.said, group.pressed.  Tables: none; marks of its own (hub/ports/marks.py).
Not yet  a bot's profile and menu of commands; topics of groups; a Bot API server of one's own.

Quality: silver
  samples     test_translate.py::test_a_recorded_update_gives_its_fact
  stops       test_connector.py::test_it_stops_in_time
  secrets     test_connector.py::test_its_token_stands_nowhere
  reconnects  test_connector.py::test_a_refused_log_in_and_trouble_are_said_in_our_words
  duplicates  tests/faults/test_telegram.py::test_an_update_that_comes_a_hundred_times_is_one_message
  rate        test_sending.py::test_it_keeps_telegrams_limits
  health      test_connector.py::test_it_says_how_it_is
"""
