COMMENT
Quadratic integrate-and-fire cell with recovery and an input that decays with 5 ms, integrated by CVODE.
The potential is u, not that of the section.
ENDCOMMENT

NEURON {
    POINT_PROCESS QuadraticCell
    RANGE C, p2, p1, p0, a, b, d, th, reset, start, drive
}

PARAMETER {
    C = 1
    p2 = 0.04
    p1 = 5
    p0 = 140
    a = 0.02
    b = 0.2
    d = 8
    th = 30
    reset = -65
    start = -65
    drive = 0
}

STATE { u z s }

INITIAL {
    u = start
    z = b*start
    s = 0
    net_send(0, 1)
}

BREAKPOINT {
    SOLVE change METHOD derivimplicit
}

DERIVATIVE change {
    u' = (p2*u*u + p1*u + p0 - z + s + drive)/C
    z' = a*(b*u - z)
    s' = -s/5
}

NET_RECEIVE (weight) {
    if (flag == 0) {
        s = s + weight
    } else if (flag == 1) {
        WATCH (u > th) 2
    } else if (flag == 2) {
        net_event(t)
        u = reset
        z = z + d
    }
}
