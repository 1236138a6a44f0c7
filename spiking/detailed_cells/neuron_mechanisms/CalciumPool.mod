: Calcium in a thin shell below the membrane: inward current fills it, and it decays. It begins where the simulator has it.

NEURON {
    SUFFIX r2s_CalciumPool
    USEION ca READ ica WRITE cai
    RANGE decay, gamma
}

UNITS {
    (mA) = (milliamp)
    (mM) = (milli/liter)
    (um) = (micron)
}

PARAMETER {
    decay = 80 (ms)
    gamma = 0.05
    depth = 0.1 (um)
    rest = 1e-4 (mM)
}

ASSIGNED { ica (mA/cm2) }

STATE { cai (mM) }

BREAKPOINT { SOLVE pool METHOD cnexp }

DERIVATIVE pool {
    cai' = -1e4 * gamma * ica / (2 * 96485 * depth) - (cai - rest) / decay
}
