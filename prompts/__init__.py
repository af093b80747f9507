"""Prompts of the language-model reader, one versioned Markdown file a form type."""
