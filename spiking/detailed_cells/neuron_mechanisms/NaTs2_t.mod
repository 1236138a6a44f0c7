: Transient sodium current of soma and apical dendrites, 6 mV higher than that of the axon

NEURON {
    SUFFIX r2s_NaTs2_t
    USEION na READ ena WRITE ina
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
    ena (mV)
    ina (mA/cm2)
    minf
    mtau (ms)
    hinf
    htau (ms)
}

STATE { m h }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ina = gbar * m * m * m * h * (v - ena)
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
    a = linoid(v + 32, 0.182, 6)
    b = linoid(-(v + 32), 0.124, 6)
    minf = a / (a + b)
    mtau = 1 / ((a + b) * 2.3^1.3)
    a = linoid(-(v + 60), 0.015, 6)
    b = linoid(v + 60, 0.015, 6)
    hinf = a / (a + b)
    htau = 1 / ((a + b) * 2.3^1.3)
}

FUNCTION linoid(x, k, y) {  : k x / (1 - exp(-x / y)), with its limit where x is 0
    IF (fabs(x / y) < 1e-6) {
        linoid = k * y * (1 + x / y / 2)
    } ELSE {
        linoid = k * x / (1 - exp(-x / y))
    }
}
