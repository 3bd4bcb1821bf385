"""Where rows stand: SQLite or PostgreSQL, how each is opened, brought to the schema, and asked fast."""
