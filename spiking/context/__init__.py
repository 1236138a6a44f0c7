"""Context-dependent classification of event sequences by networks of spiking layers (Ferrand et al., ICANN 2023)."""
