"""Benchmarks against truth and against peers; `gotcha bench` runs them."""
