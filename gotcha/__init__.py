"""Configuration, wiring and command line: the only place that knows every class."""
