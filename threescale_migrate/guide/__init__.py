"""The guide's six steps, one module each, in the guide's order; every function in here is pure."""
