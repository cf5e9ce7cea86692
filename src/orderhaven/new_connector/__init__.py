"""Writes the skeleton of a connector, whose contract tests say what to build."""
