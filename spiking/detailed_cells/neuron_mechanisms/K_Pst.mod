: Persistent potassium current

NEURON {
    SUFFIX r2s_K_Pst
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
    ik = gbar * m * m * h * (v - ek)
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
    minf = 1 / (1 + exp(-(v + 11) / 12))
    IF (v < -60) {
        mtau = (1.25 + 175.03 * exp(0.026 * (v + 10))) / 2.3^1.3
    } ELSE {
        mtau = (1.25 + 13 * exp(-0.026 * (v + 10))) / 2.3^1.3
    }
    hinf = 1 / (1 + exp((v + 64) / 11))
    htau = (360 + (1010 + 24 * (v + 65)) * exp(-((v + 85) / 48)^2)) / 2.3^1.3
}
