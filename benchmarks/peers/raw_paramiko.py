"""paramiko alone, one thread a node: what a careful person would write by hand in half an hour."""

import time

START = time.perf_counter()
import socket  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402

import paramiko  # noqa: E402
from spec import CHECK, FILES, SPEC, Clock, edited, good  # noqa: E402


class OldTransport(paramiko.Transport):
    """RSA signed with SHA-1, as OpenSSH 5.3 wants it."""

    def auth_publickey(self, *args, **kw):
        self.disabled_algorithms["pubkeys"] = ["rsa-sha2-512", "rsa-sha2-256"]
        return super().auth_publickey(*args, **kw)


def connect(host: str, key: paramiko.PKey) -> paramiko.SSHClient:
    sock = socket.create_connection((host, 22), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = paramiko.SSHClient()
    client.load_host_keys(SPEC["known_hosts"])
    client.connect(host, username="root", sock=sock, pkey=key, look_for_keys=False,
                   allow_agent=False, transport_factory=OldTransport)  # fmt: skip
    return client


def run(client: paramiko.SSHClient, line: str) -> str:
    _, stdout, _ = client.exec_command(line)
    return stdout.read().decode()


def prepare(host: str, key: paramiko.PKey) -> None:
    client = connect(host, key)
    sftp = client.open_sftp()
    changed = set()
    for path in FILES:
        with sftp.open(path) as file:
            old = file.read().decode()
        new = edited(path, old)
        if new != old:
            with sftp.open(path, "w") as file:
                file.write(new.encode())
            changed.add(path)
    if FILES[0] in changed:
        run(client, "sysctl -e -p /etc/sysctl.conf")
    if FILES[1] in changed:
        run(client, "setenforce 0")
    assert good(run(client, CHECK)), host
    client.close()


if __name__ == "__main__":
    clock = Clock(START)
    key = paramiko.PKey.from_path(SPEC["key"])  # once: it costs more than a connection
    with ThreadPoolExecutor(len(SPEC["nodes"])) as pool:
        list(pool.map(lambda host: prepare(host, key), SPEC["nodes"].values()))
    clock.stop()
