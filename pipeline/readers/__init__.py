"""Readers: each makes a reading of a section on its own, never seeing another's."""
