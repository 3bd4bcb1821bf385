"""One alembic chain for the tables of all modules; a file's name is its revision."""
