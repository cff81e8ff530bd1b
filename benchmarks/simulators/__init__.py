"""How each simulator is started, timed, and asked for its spikes."""
