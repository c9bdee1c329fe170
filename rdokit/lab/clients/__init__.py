"""What the Havana clients have in common: Python 2's argparse, its text streams, prettytable's tables."""
