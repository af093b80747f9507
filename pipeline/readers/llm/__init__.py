"""The language-model reader: asks about a section by showing its cells with numbers, and reads the answer by reference.

`cells` numbers the cells, `wire` is the shape of an answer, `prompt` makes the requests, `references` resolves what an
answer names, `reader` makes a reading of it. Nothing here speaks to a network: that is `pipeline.model`.
"""

from pipeline.readers.llm.prompt import Asking, fingerprint
from pipeline.readers.llm.reader import NAME, Asked, Known, ask, ask_leaves, read_answer, read_leaves

__all__ = ["NAME", "Asked", "Asking", "Known", "ask", "ask_leaves", "fingerprint", "read_answer", "read_leaves"]
