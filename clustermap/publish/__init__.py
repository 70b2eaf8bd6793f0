"""The only door to pages and files: what may leave, and how it is marked."""
