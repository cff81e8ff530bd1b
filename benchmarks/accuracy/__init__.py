"""Spike times of nonlinear neurons with input off the grid: error against arbitrary precision, and cost."""
