"""Background work: the job table and its runner."""
