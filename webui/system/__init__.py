"""The parts of /system that are our own: each a file with one function; modules bring theirs by manifest."""
