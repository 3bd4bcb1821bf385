"""The practice provider: a provider of paper that really speaks TurboSMS's HTTP, Viber first, then SMS.

Owns     the API of one account on a loopback port (send, status, balance), reports to the shop signed as that
         provider signs them, and a ledger of all that happened.
Page     /system/practice: what a client's phone shows, by Viber or by SMS. Numbers that end in 7, 8 or 9
         have no Viber there. Nobody can answer: the sender is a name.
Tables   none.  Events: none; `http_sms` follows it like the real one.
Not yet  pictures and buttons in Viber.

Quality: bronze
  samples     none: it speaks by the provider's documentation, which the samples of its reader are made by
  stops       test_practice.py::test_it_stops_in_time
  secrets     none: its token and its secret are made anew in each process and leave it nowhere
"""
