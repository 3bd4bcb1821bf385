"""The practice exchange: a PBX of paper that really speaks AMI, for the demo, for training and for tests.

Owns     an AMI server on a loopback port; a small shop's phones, lines, queue and parking lot; the calls
         that it plays by itself or on demand (`rehearsals.py`, text tables, each with its declared truth).
Speaks   what Asterisk 22 was recorded to say: banner, headers, their order, CRLF, its quirks.
Tables   none.  Events in: AMI actions.  Events out: AMI events; the AMI connector follows it like any PBX.
Sound    recordings with two voices without words, in HUB_RECORDINGS__SPOOL; no RTP.

Quality: bronze
  samples     test_streams_are_true.py::test_every_event_has_the_headers_of_a_recorded_one_in_their_order
  stops       test_serving.py::test_it_stops_in_time
  secrets     none: its password is made anew in each process and leaves it nowhere
"""
