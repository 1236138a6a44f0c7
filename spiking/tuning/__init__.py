"""Tuning: weights of a converted network are changed, within its biology, until it solves its task."""
