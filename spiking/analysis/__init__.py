"""Analyses of simulated trials: functions of `SpikeRecord`s and labels that return records; figures in `plots_*`."""
