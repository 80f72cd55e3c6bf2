"""Looking after the archive: what is wrong, what is old, what is to be forgotten or moved."""
