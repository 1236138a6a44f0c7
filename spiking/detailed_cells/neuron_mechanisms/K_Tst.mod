: Transient potassium current

NEURON {
    SUFFIX r2s_K_Tst
    USEION k READ ek WRITE ik
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
    ek (mV)
    ik (mA/cm2)
    minf
    mtau (ms)
    hinf
    htau (ms)
}

STATE { m h }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ik = gbar * m * m * m * m * h * (v - ek)
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
    minf = 1 / (1 + exp(-(v + 10) / 19))
    mtau = (0.34 + 0.92 * exp(-((v + 81) / 59)^2)) / 2.3^1.3
    hinf = 1 / (1 + exp((v + 76) / 10))
    htau = (8 + 49 * exp(-((v + 83) / 23)^2)) / 2.3^1.3
}
