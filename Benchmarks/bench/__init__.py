"""`make bench`: Weir and its peers side by side. See Benchmarks/README.md."""
