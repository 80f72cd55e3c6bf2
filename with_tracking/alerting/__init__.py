"""Alerts and hooks: conditions over sessions, and what happens when one holds."""
