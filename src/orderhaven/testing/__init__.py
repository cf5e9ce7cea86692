"""For tests of connectors and of the hub: contract suites, a clock, a reference marketplace and shop."""
