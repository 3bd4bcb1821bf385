"""The practice mail server: takes the shop's letters by SMTP and shows them, for the demo.

Owns     an SMTP server on a loopback port that delivers nothing, and the letters that it was given.
Page     /system/practice: what a client's mailbox shows. Nobody can answer there.
Tables   none.  Events: none; `email` follows it like a real server.
Not yet  log-in and encryption: it listens on this computer alone.

Quality: bronze
  samples     none: it speaks SMTP to the library that reads it in every test
  stops       test_practice.py::test_it_stops_in_time
  secrets     none: it asks nobody who he is and keeps nothing when the process ends
"""
