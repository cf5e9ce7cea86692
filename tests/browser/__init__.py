"""The web interface as people use it: a real browser, a real hub, and both sides on loopback."""
