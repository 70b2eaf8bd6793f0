"""Selection: which clusters to back under a budget, how sure that is, and what to do about each."""
