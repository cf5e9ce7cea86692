"""The command line: parses, calls one action, shows what it gives. No rule lives here."""

from orderhaven.cli.language import speak_as_the_terminal

speak_as_the_terminal()
