"""The command line: the only argparse, and the table from a command to its module. It asks no cluster."""
