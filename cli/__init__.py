"""The command `rate2spike`: parse, call, report."""
