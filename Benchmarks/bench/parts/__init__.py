"""What is measured, one part a file. Each has `run(bench) -> Outcome`."""
