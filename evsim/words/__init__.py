"""What a user writes: groups, synapses, sources, monitors and the network that runs them."""
