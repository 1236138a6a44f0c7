"""What is on disk besides .mat models: spike records and run folders."""
