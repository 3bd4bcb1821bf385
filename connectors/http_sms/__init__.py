"""SMS and Viber by a provider with an HTTP API, as a profile describes it: a ready one is
config/http_sms/turbosms.toml.

Owns     the addresses /hooks/http_sms and /hooks/http_sms_2; the channels `sms` and `viber`, under a
         registered name, so that nobody can answer.
Settings HUB_HTTP_SMS__PROFILE, HUB_HTTP_SMS__TOKEN, HUB_HTTP_SMS__SMS_SENDER, HUB_HTTP_SMS__VIBER_SENDER,
         HUB_HTTP_SMS__VIBER_SECONDS, HUB_HTTP_SMS__WEBHOOK_SECRET, HUB_HTTP_SMS__API_BASE,
         HUB_HTTP_SMS__TIMEOUT; the same as HUB_HTTP_SMS_2__… for a second account.
Out      one request a message, written by the profile's template. What is sent by Viber and does not
         arrive goes on by SMS at the provider; the message says which one brought it. A second try is the
         same message only while the provider remembers our id of it; after that a person decides.
In       reports with a proof, through the inbox (hub/kernel/hooks); besides, the provider is asked how far
         messages have come.
Events   out: message.status_changed.  Tables: none.
Not yet  messages from clients; pictures and buttons in Viber; answers that are not JSON.

Quality: silver
  samples     test_translate.py::test_recorded_answers_give_their_facts
  stops       test_connector.py::test_it_stops_in_time
  secrets     test_connector.py::test_its_secrets_stand_nowhere
  reconnects  test_connector.py::test_trouble_is_said_in_our_words
  duplicates  test_connector.py::test_the_same_report_twice_is_one_fact
  rate        test_sending.py::test_what_the_provider_answers_is_said_in_our_words
  health      test_connector.py::test_it_says_how_it_is
  statuses    test_connector.py::test_how_far_it_came_is_asked_for
"""
