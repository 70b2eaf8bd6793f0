"""Indicators: one family a module, each a function from counts to a column, with its record."""
