"""People settle what the readers doubt: the queue, its questions, and the ways to answer them."""
