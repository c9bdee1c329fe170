"""How long is waited and how much is kept; one place, so that tests can be impatient."""

CONNECT = 10.0  # seconds for the TCP connection, and again for the banner and for the login
HANDSHAKES = 16  # at the same time
COMMAND = 120.0  # seconds for a command, unless it is given another limit
KEPT = 32 * 2**20  # bytes of one stream that are kept in memory; the middle of more is left out
INLINE = 1 << 16  # bytes of input that fit into any channel's window
PIECE = 1 << 17  # bytes handed to paramiko at a time
LATE = 0.3  # seconds to wait for output after the exit status, when something keeps the channel open
