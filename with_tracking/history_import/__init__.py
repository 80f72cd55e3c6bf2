"""Past sessions from the assistants' own logs: what is new, and how it becomes session folders."""
