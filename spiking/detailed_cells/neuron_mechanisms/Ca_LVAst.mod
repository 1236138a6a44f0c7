: Low-voltage-activated calcium current

NEURON {
    SUFFIX r2s_Ca_LVAst
    USEION ca READ eca WRITE ica
    RANGE gbar
}

UNITS {
    (mV) = (millivolt)
    (mA) = (milliamp)
    (S) = (siemens)
}

PARAMETER {
    gbar = 0 (S/cm2)
}

ASSIGNED {
    v (mV)
    eca (mV)
    ica (mA/cm2)
    minf
    mtau (ms)
    hinf
    htau (ms)
}

STATE { m h }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ica = gbar * m * m * h * (v - eca)
}

INITIAL {
    rates(v)
    m = minf
    h = hinf
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m) / mtau
    h' = (hinf - h) / htau
}

PROCEDURE rates(v (mV)) {
    minf = 1 / (1 + exp(-(v + 40) / 6))
    mtau = (5 + 20 / (1 + exp((v + 35) / 5))) / 2.3^1.3
    hinf = 1 / (1 + exp((v + 90) / 6.4))
    htau = (20 + 50 / (1 + exp((v + 50) / 7))) / 2.3^1.3
}
