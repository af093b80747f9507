"""Measurements: accuracy on made-up forms, faults injected into them, throughput."""
