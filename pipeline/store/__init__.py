"""The store: what was read, from which documents, in which run. Append-only, on SQLite or any other database.

`rows` holds the plain types that go in and out (no database needed to import them), `tables` and `migrations` the
schema, `store` the store itself.
"""
