"""Local learning rules: STDP, semi-STDP, dendritic prediction."""
