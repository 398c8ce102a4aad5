"""Extensions as CSV files: in, out, and from other systems. The format: ../../../docs/csv.md."""
