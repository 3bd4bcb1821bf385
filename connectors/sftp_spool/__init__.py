"""The spool of a PBX on another box, fetched by SFTP into the spool here.

Speaks   SFTP by asyncssh; the host key is checked against a known_hosts file, always.
Gives    finished files in HUB_RECORDINGS__SPOOL, whole and with their times; the intake does the rest.
Settings HUB_SFTP_SPOOL__HOST, HUB_SFTP_SPOOL__PORT, HUB_SFTP_SPOOL__USERNAME, HUB_SFTP_SPOOL__PASSWORD,
         HUB_SFTP_SPOOL__KEY_FILE, HUB_SFTP_SPOOL__KNOWN_HOSTS, HUB_SFTP_SPOOL__FOLDER, HUB_SFTP_SPOOL__KEEP,
         HUB_SFTP_SPOOL__REST_SECONDS, HUB_SFTP_SPOOL__POLL_SECONDS.

Quality: silver
  samples     none: it translates nothing, files are handed on as they are
  stops       test_fetching.py::test_it_stops_in_time
  secrets     test_fetching.py::test_a_wrong_password_is_said_and_not_shown
  reconnects  test_fetching.py::test_after_a_lost_line_it_goes_on
  duplicates  test_fetching.py::test_what_was_fetched_is_not_fetched_again
  rate        none: one connection, one file at a time
  health      test_fetching.py::test_another_host_key_is_refused_before_anything_is_sent
"""
