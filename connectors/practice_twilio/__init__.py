"""The practice Twilio: a provider of paper that really speaks Twilio's HTTP, both ways.

Owns     the API of one account on a loopback port (Accounts, Messages, Media, paging, errors), requests to
         the shop signed by the provider's own library, and a ledger of all that happened.
Page     /system/practice: one is the client, writes to the shop and reads what it sent.
Tables   none.  Events: none; the Twilio connector follows it like the real one (`HUB_TWILIO__API_BASE`).
Not yet  the redirect of media to another host.

Quality: bronze
  samples     none: it speaks by Twilio's documentation, and the library is what reads it in every test
  stops       test_practice.py::test_it_stops_in_time
  secrets     none: its account and its token are made anew in each process and leave it nowhere
"""
