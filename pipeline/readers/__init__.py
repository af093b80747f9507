"""Readers: each makes a reading of a section on its own, never seeing another's."""

from __future__ import annotations

__all__ = ["LLM"]

LLM = "llm"
"""The reader that asks a language model. Its package is imported by what asks, or understands an answer."""
