"""The command line: parses, calls one action, shows what it gives. No rule lives here."""
