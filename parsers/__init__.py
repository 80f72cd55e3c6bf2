"""Reading: session folder → timed bytes → transcript lines → events → Session. Pure, but for the command itself."""
