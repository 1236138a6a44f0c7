: High-voltage-activated calcium current

NEURON {
    SUFFIX r2s_Ca_HVA
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
    LOCAL a, b
    a = linoid(v + 27, 0.055, 3.8)
    b = 0.94 * exp((-75 - v) / 17)
    minf = a / (a + b)
    mtau = 1 / (a + b)
    a = 0.000457 * exp((-13 - v) / 50)
    b = 0.0065 / (1 + exp((-v - 15) / 28))
    hinf = a / (a + b)
    htau = 1 / (a + b)
}

FUNCTION linoid(x, k, y) {  : k x / (1 - exp(-x / y)), with its limit where x is 0
    IF (fabs(x / y) < 1e-6) {
        linoid = k * y * (1 + x / y / 2)
    } ELSE {
        linoid = k * x / (1 - exp(-x / y))
    }
}
