"""Selection: which clusters to support under a budget, how sure that is, and why not the others."""
