COMMENT
Integrate-and-fire cell with two exponential currents, advanced from event to event.
taum dx/dt = ge + gi - x with x the distance from rest; ge >= 0 and gi <= 0 decay with taue and taui.
One self event is under way at any time: the end of refractoriness, a crossing, or another look.
ENDCOMMENT

NEURON {
    ARTIFICIAL_CELL CurrentCell
    RANGE taum, taue, taui, v_rest, v_th, v_reset, t_ref, v_start
}

PARAMETER {
    taum = 20 (ms)
    taue = 5 (ms)
    taui = 10 (ms)
    v_rest = -49
    v_th = -50
    v_reset = -60
    t_ref = 5 (ms)
    v_start = -60
    horizon = 10 (ms)
}

ASSIGNED {
    x
    ge
    gi
    last (ms)
    is_refractory
    is_crossing
}

INITIAL {
    x = v_start - v_rest
    ge = 0
    gi = 0
    last = t
    is_refractory = 0
    net_send(interval(), 1)
}

FUNCTION x_after(s (ms)) {
    LOCAL ce, ci
    ce = ge*taue/(taue - taum)
    ci = gi*taui/(taui - taum)
    x_after = (x - ce - ci)*exp(-s/taum) + ce*exp(-s/taue) + ci*exp(-s/taui)
}

PROCEDURE advance() {
    LOCAL s
    s = t - last
    if (s > 0) {
        if (is_refractory == 0) {
            x = x_after(s)
        }
        ge = ge*exp(-s/taue)
        gi = gi*exp(-s/taui)
        last = t
    }
}

: Time to the crossing, or to the next look; steps are bounds before which nothing can cross.
FUNCTION interval() (ms) {
    LOCAL s, goal, y, drive, bound, slope, move, root, k
    s = 0
    goal = v_th - v_rest
    is_crossing = 0
    if (x > goal) {
        is_crossing = 1
    }
    while (is_crossing == 0 && s < horizon) {
        y = x_after(s)
        drive = ge*exp(-s/taue) + gi*exp(-horizon/taui)
        if (drive <= goal) {
            s = horizon
        } else {
            bound = taum*log((drive - y)/(drive - goal))
            if (bound > 0.01) {
                s = s + bound
            } else {
                root = s
                k = 0
                move = 1
                while (k < 20 && fabs(move) > 1e-13 && fabs(root - s) < 0.1) {
                    y = x_after(root)
                    slope = (ge*exp(-root/taue) + gi*exp(-root/taui) - y)/taum
                    move = 1
                    if (slope > 0) {
                        move = (goal - y)/slope
                    }
                    root = root + move
                    k = k + 1
                }
                if (fabs(move) <= 1e-13) {
                    is_crossing = 1
                    s = root
                } else {
                    s = s + 0.01
                }
            }
        }
    }
    interval = s
}

NET_RECEIVE (w) {
    advance()
    if (flag == 0) {
        if (w > 0) {
            ge = ge + w
        } else {
            gi = gi + w
        }
        if (is_refractory == 0) {
            net_move(t + interval())
        }
    } else if (is_refractory == 1) {
        is_refractory = 0
        net_send(interval(), 1)
    } else if (is_crossing == 1) {
        net_event(t)
        x = v_reset - v_rest
        is_refractory = 1
        net_send(t_ref, 1)
    } else {
        net_send(interval(), 1)
    }
}
