"""The language-model reader: asks about a section by showing its cells with numbers, and reads the answer by reference.

`cells` numbers the cells, `wire` is the shape of an answer, `prompt` makes the requests, `references` resolves what an
answer names, `reader` makes a reading of it. Nothing here speaks to a network: that is `pipeline.model`.
"""
