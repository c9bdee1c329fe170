"""The practice lab: simulated CentOS 6 nodes behind a real SSH server.

It is a process of its own, reached over SSH only; nothing here imports the
helper package, and the helper imports nothing of this. Data flows one way::

    world  <-  commands/ (one file each)  <-  shell (bash)  <-  server (SSH, SFTP)

`world` is the one truth (files, packages, services, kernel, NICs, switches,
cloud); a command reads and changes it and prints what the real one would.
"""
