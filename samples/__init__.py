"""Made-up self-evaluation forms with their true records; nothing here comes from a real document."""
