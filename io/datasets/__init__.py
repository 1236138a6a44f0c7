"""Recorded and synthetic data that networks learn from: events, clips, waves."""
