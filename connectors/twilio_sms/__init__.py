"""SMS by Twilio, in and out, with files both ways (MMS) and reports of what became of ours.

Owns     the addresses /hooks/twilio/sms and /hooks/twilio/status; the channel `sms`.
In       Twilio's signed requests, through the inbox (hub/kernel/hooks): messages and reports. Every few
         minutes its list is read too, since a message is mostly brought once: what we missed comes late.
Out      one request a message; a report comes back to an address that bears our message's id. Files go from
         and to numbers of the USA and Canada; Twilio fetches them by signed addresses of ours.
Proof    the signature pins neither the borders of the parameters nor the time: verify.py, signature.py.
Events   out: message.received, message.status_changed.  Tables: none.
Not yet  voice.

Quality: silver
  samples     test_translate.py::test_a_recorded_message_gives_its_fact
  stops       test_connector.py::test_it_stops_in_time
  secrets     test_connector.py::test_its_tokens_stand_nowhere
  reconnects  test_connector.py::test_a_refused_log_in_and_trouble_are_said_in_our_words
  duplicates  test_connector.py::test_what_did_not_reach_us_comes_late_and_once
  rate        test_sending.py::test_what_twilio_answers_is_said_in_our_words
  health      test_connector.py::test_it_says_how_it_is
  statuses    test_translate.py::test_a_report_brings_our_own_id_back
"""
