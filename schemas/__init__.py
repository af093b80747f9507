"""Form types, one folder each: their record, their vocabulary and their identities."""
