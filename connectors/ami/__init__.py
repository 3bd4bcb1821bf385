"""The line to the PBX: Asterisk over AMI, by a client of our own.

bytes -> protocol.py (frames) -> link.py (session, answers, liveness) -> inbox.py (journal, bounded
queue) -> consumer.py -> tracker/ (legs to calls, pure) -> outgoing.py (what waits to be stored) -> intake.
connector.py holds what outlives a session; snapshot.py asks what is true after a gap; identity.py tells one
life of the PBX from the next; actions.py is what we may ask; doctor.py says what is wrong; replay.py reads
the journal again.

Where HUB_AMI__APART asks for it all of that is in a process of its own, so that a second core works:

    hub: apart.py  <-- facts, status, how the line stands, figures, log --  line.py: AmiConnector
                   --- orders, questions, settings, "stored" ------------>

wire.py names all that is asked and told. One batch of facts at a time is on its way, and "stored" comes
after the commit: a hub that is slow fills the inbox there, which ends in a declared gap. Either side ends
with the other. Another process that had to be begun is to the calls what a restart of the hub is: it asks
for those that live, after all that the dead one brought is stored, and compares them with the PBX.

Quality: gold
  samples     test_tracker_streams.py::test_a_recorded_stream_gives_the_calls_that_the_phones_made
  stops       test_connector.py::test_stopping_takes_no_longer_than_its_waits_even_in_a_black_hole
  secrets     test_link.py::test_the_secret_is_in_no_text_of_the_settings
  reconnects  test_connector.py::test_a_lost_line_is_told_and_healed
  duplicates  test_connector.py::test_facts_that_were_being_stored_when_the_line_broke_are_stored_once
  rate        none: AMI knows no limit of requests
  health      test_connector.py::test_nobody_there_is_not_ready_and_says_where
  replay      test_replay.py::test_a_recorded_call_comes_out_of_the_journal_as_it_came_from_the_line
  page        tests/webui/test_pages.py::test_the_test_button_shows_what_was_found
  statuses    test_connector.py::test_an_order_goes_out_once_and_its_outcome_is_told
"""
