"""Score and map the innovation linkages of clusters."""
