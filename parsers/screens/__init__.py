"""One module per assistant: the table of its screen, and what only that screen needs."""
