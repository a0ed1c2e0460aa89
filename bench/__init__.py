"""Benchmarks: each is a module to run, and writes what it measured to bench/results/."""
