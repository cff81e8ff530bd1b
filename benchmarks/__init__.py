"""The same networks on evsim and on its peers, each run in a process of its own."""
