"""The bus between several processes of one installation, over Redis.

connector.py keeps the subscription and says words (publish and subscribe, nothing is kept there);
buckets.py counts requests for all processes together. Redis never holds the only copy of anything: it
may be stopped, flushed or slow at any moment.

Quality: silver
  samples     none: words between our own processes, nothing of a vendor's is translated
  stops       test_bus.py::test_it_stops_in_time
  secrets     tests/contracts/test_settings.py::test_a_password_in_an_address_is_masked
  reconnects  test_bus.py::test_a_redis_that_went_and_came_leaves_nobody_behind
  duplicates  none: it brings no facts
  rate        none: a Redis of one's own knows no limit of requests
  health      test_bus.py::test_a_redis_that_answers_nobody_is_noticed_and_joined_again
"""
