: Muscarinic potassium current

NEURON {
    SUFFIX r2s_Im
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
}

STATE { m }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ik = gbar * m * (v - ek)
}

INITIAL {
    rates(v)
    m = minf
}

DERIVATIVE gates {
    rates(v)
    m' = (minf - m) / mtau
}

PROCEDURE rates(v (mV)) {
    LOCAL a, b
    a = 0.0033 * exp(0.1 * (v + 35))
    b = 0.0033 * exp(-0.1 * (v + 35))
    minf = a / (a + b)
    mtau = 1 / ((a + b) * 2.3^1.3)
}
