"""A model server that misbehaves to order: real HTTP, made-up answers, faults by seed."""

from benchmarks.modelserver.faults import Faults
from benchmarks.modelserver.server import Brain, ModelServer
from benchmarks.modelserver.stats import Stats

__all__ = ["Brain", "Faults", "ModelServer", "Stats"]
