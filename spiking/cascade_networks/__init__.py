"""Networks of trainable cascade layers (Harkin, Shen et al. 2021): patterns memorised, spoken digits recognised."""
