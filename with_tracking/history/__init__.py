"""Asking the history: rows of the index, search, comparison, statistics, reports, export. The door is `index`."""
