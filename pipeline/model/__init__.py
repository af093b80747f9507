"""The way to a language model: requests go to any OpenAI-compatible endpoint, answers come back, none is paid twice."""
