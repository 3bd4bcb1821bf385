"""Our own pages: signing in, settings, system; modules bring theirs."""
