"""Packstack of Havana: answer file, screen, and what it leaves on the nodes (document Steps 8 to 10)."""
