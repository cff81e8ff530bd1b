COMMENT
Exponential integrate-and-fire cell with adaptation and a current that decays with 5 ms, integrated by CVODE.
The potential is u, not that of the section; while it is refractory, active is 0 and u stands still.
ENDCOMMENT

NEURON {
    POINT_PROCESS ExponentialCell
    RANGE C, g, E, D, V_T, a, b, tau_w, th, reset, t_ref, start, drive
}

PARAMETER {
    C = 1
    g = 0.1
    E = -65
    D = 2
    V_T = -50
    a = 0
    b = 0
    tau_w = 100
    th = -40
    reset = -65
    t_ref = 0
    start = -65
    drive = 0
}

ASSIGNED { active }

STATE { u z s }

INITIAL {
    u = start
    z = 0
    s = 0
    active = 1
    net_send(0, 1)
}

BREAKPOINT {
    SOLVE change METHOD derivimplicit
}

DERIVATIVE change {
    u' = active*(g*(E - u) + g*D*exp((u - V_T)/D) - z + s + drive)/C
    z' = (a*(u - E) - z)/tau_w
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
        z = z + b
        if (t_ref > 0) {
            active = 0
            net_send(t_ref, 3)
        }
    } else if (flag == 3) {
        active = 1
    }
}
