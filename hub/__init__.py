"""The engine and the business of Pitline; knows no vendor and no page layout."""
