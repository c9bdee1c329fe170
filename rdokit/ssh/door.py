"""A door: everything that is needed to get into one node, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from ..secret import Secret


@dataclass(frozen=True)
class Door:
    """How to get in: everything that `connect` needs, nothing else.

    Attributes:
        name: of the node, for messages.
        key: path of an RSA private key. passphrase: its passphrase.
        sudo: commands run through sudo (the user is not root).
        known_hosts: file of trusted host keys.
        jump: the door to go through first.
        becomes_root: whether commands of a user who is not root go through sudo (not on a jump host or instance).
    """

    name: str
    host: str
    port: int = 22
    user: str = "root"
    password: Secret | None = None
    key: str | None = None
    passphrase: Secret | None = None
    agent: bool = False
    sudo_password: Secret | None = None
    known_hosts: str = "~/.ssh/known_hosts"
    jump: Door | None = None
    becomes_root: bool = True

    @property
    def address(self) -> str:
        return self.host if self.port == 22 else f"{self.host}:{self.port}"

    @property
    def sudo(self) -> bool:
        return self.user != "root" and self.becomes_root
