"""E-mail out, by SMTP: plain text with an HTML twin, files, our own Message-ID.

Owns     the channel `email`.
Settings HUB_EMAIL__HOST, HUB_EMAIL__PORT, HUB_EMAIL__SECURITY, HUB_EMAIL__USERNAME, HUB_EMAIL__PASSWORD,
         HUB_EMAIL__FROM_ADDRESS, HUB_EMAIL__FROM_NAME, HUB_EMAIL__REPLY_TO, HUB_EMAIL__SUBJECT,
         HUB_EMAIL__CA_FILE, HUB_EMAIL__PER_SECOND, HUB_EMAIL__TIMEOUT.
Out      one connection a message. Whatever ended before the server began to take the text did certainly not
         go out; what was cut off behind that may have, and a person decides.
In       nothing: replies and bounces go to the shop's mailbox.
Events   none.  Tables: none.
Not yet  reading the mailbox: answers, bounces.

Quality: silver
  samples     none: it translates nothing that comes in; what it writes is read by a real server in every test
  stops       test_connector.py::test_it_stops_in_time
  secrets     test_connector.py::test_its_password_stands_nowhere
  reconnects  test_connector.py::test_trouble_is_said_in_our_words
  duplicates  test_sending.py::test_what_may_have_gone_out_is_never_sent_again_by_itself
  rate        test_connector.py::test_it_keeps_the_pace_that_is_set
  health      test_connector.py::test_it_says_how_it_is
"""
