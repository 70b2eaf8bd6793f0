"""Validation on fictional worlds: what is planted there, and how much of it the scores find."""
