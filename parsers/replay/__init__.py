"""Replaying a recording through an emulator: units of output → frames → documents. The door is `parsers.terminal`."""
