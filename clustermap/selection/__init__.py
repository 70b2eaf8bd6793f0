"""Selection: which clusters to back under a budget, and what to do about each of them."""
