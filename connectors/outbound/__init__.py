"""The way out to addresses that somebody typed in: it never reaches a machine of our own network,
this machine, or a cloud's metadata, whatever the name, its spelling or its DNS say."""
