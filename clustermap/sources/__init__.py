"""Sources: files, and the seeded generator of synthetic worlds."""
