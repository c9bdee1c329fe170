"""Fetching files and trying ports: curl 7.19.7, wget 1.12, nc 1.84, telnet."""

from __future__ import annotations

from urllib.parse import urljoin

from .. import network, web
from ..cli import UsageError, getopt, netns
from ..internet import Page
from ..nodestate import stamp
from ..process import Process, command

SHORT = "o:OLIsSfkw:m:X:H:d:u:A:e:b:c:C:#vig4k6T:x:nqRzaF:GjJlpNtr:y:Y:D:E:K:"
LONG = (
    "output=",
    "remote-name",
    "location",
    "head",
    "silent",
    "show-error",
    "fail",
    "insecure",
    "write-out=",
    "max-time=",
    "connect-timeout=",
    "request=",
    "header=",
    "data=",
    "user=",
    "user-agent=",
    "retry=",
    "retry-delay=",
    "continue-at=",
    "progress-bar",
    "verbose",
    "include",
    "proxy=",
    "noproxy=",
    "remote-time",
    "url=",
    "compressed",
    "ipv4",
    "upload-file=",
    "create-dirs",
    "limit-rate=",
    "cacert=",
    "cookie=",
    "cookie-jar=",
    "data-binary=",
    "form=",
    "globoff",
    "version",
    "help",
    "max-redirs=",
    "interface=",
    "range=",
)
TRY = "curl: try 'curl --help' or 'curl --manual' for more information"
METER = """  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
"""
BYTES_PER_SECOND = 2_200_000


def _amount(number: int) -> str:
    """Five places: 12.5M, 1234, 22.1k."""
    if number < 100_000:
        return f"{number:>5}"
    if number < 10_000 * 1024:
        return f"{number // 1024:>4}k"
    return f"{number / 1024 / 1024:>4.1f}M" if number < 100 * 1024 * 1024 else f"{number // 1024 // 1024:>4}M"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}" if whole or seconds else "--:--:--"


async def _meter(p: Process, total: int) -> None:
    """The progress meter on stderr: a few updates, then the last line."""
    seconds = total / BYTES_PER_SECOND
    p.stderr.write(METER)
    steps = 4 if total > 1_000_000 else 1
    for step in range(1, steps + 1):
        await p.sleep(seconds / steps)
        done = total * step // steps
        percent = done * 100 // total if total else 100
        left = seconds - seconds * step / steps
        p.stderr.write(
            f"\r{percent:>3} {_amount(total)}  {percent:>3} {_amount(done)}    0     0 {_amount(min(done, BYTES_PER_SECOND)):>6}      0 "  # noqa: E501
            f" {_clock(seconds):>8} {_clock(seconds * step / steps):>8} {_clock(left):>8} {_amount(min(done, BYTES_PER_SECOND))}"  # noqa: E501
        )
    p.stderr.write("\n")


ERRORS = {"resolve": 6, "refused": 7, "prohibited": 7, "unreachable": 7, "timeout": 7, "ssl": 35, "protocol": 1}


def _error_text(got: web.Fetched, connect_timeout: bool) -> tuple[int, str]:
    host = network.host_of(got.url)
    if got.error == "resolve":
        return 6, f"(6) Couldn't resolve host '{host}'"
    if got.error == "file":
        return 37, f"(37) Couldn't open file {got.url.removeprefix('file://')}"
    if got.error == "ssl":
        return 35, "(35) SSL connect error"
    if got.error == "protocol":
        return 1, f"(1) Protocol {got.url.partition(':')[0]} not supported or disabled in libcurl"
    if got.error == "timeout" and connect_timeout:
        return 28, "(28) connect() timed out!"
    return (
        7,
        "(7) couldn't connect to host"
        if got.error != "unreachable"
        else "(7) Failed to connect to "
        f"{got.address}: {'Network is unreachable' if not got.address else 'No route to host'}",
    )


@command("curl", path="/usr/bin")
async def curl(p: Process) -> int:
    """Fetch URLs: -O -o FILE -L -I -i -s -S -f -k -w FORMAT -m SECONDS -C -."""
    try:
        options = getopt(p.argv[1:], SHORT, LONG)
    except UsageError as error:
        text = str(error)
        name = text.rpartition(" ")[2].strip("'")
        p.error(f"curl: option {'-' + name if '--' not in text or len(name) == 1 else name}: "
                + ("requires parameter" if "requires" in text else "is unknown") + f"\n{TRY}")  # fmt: skip
        return 2
    if options.has("version"):
        p.print(
            "curl 7.19.7 (x86_64-redhat-linux-gnu) libcurl/7.19.7 NSS/3.14.0.0 zlib/1.2.3 libidn/1.18 libssh2/1.4.2"
        )
        return 0
    urls = [*options.all("url"), *options.rest]
    if not urls:
        p.error(f"curl: no URL specified!\n{TRY}")
        return 2
    status = 0
    for number, url in enumerate(urls):
        status = await _curl(p, options, url, number)
    return status


def _follow(p: Process, options, url: str) -> tuple[web.Fetched, list[web.Fetched]]:  # noqa: ANN001
    """(the last answer, all before it)."""
    passed: list[web.Fetched] = []
    for _ in range(10):
        got = web.fetch(p.world, p.node, url, netns(p))
        if got.page is None or got.page.status not in (301, 302) or not options.has("L", "location"):
            return got, passed
        passed.append(got)
        url = urljoin(url if "://" in url else f"http://{url}", got.page.location)
    return got, passed


async def _curl(p: Process, options, url: str, number: int) -> int:  # noqa: ANN001
    silent, loud = options.has("s", "silent"), options.has("S", "show-error")
    names = options.all("o", "output")
    target = names[number] if number < len(names) else ""
    if options.has("O", "remote-name"):
        target = url.rstrip("/").rpartition("/")[2] if "/" in url.partition("://")[2] else ""
        if not target:
            p.error(f"curl: Remote file name has no length!\n{TRY}")
            return 23
    got, passed = _follow(p, options, url)
    limit = float(options.get("m", "max-time", "connect-timeout", default="0") or 0)
    if got.page is None:
        return await _failed(p, got, silent, loud, limit, options)
    page = got.page
    if page.status >= 400 and options.has("f", "fail"):
        if not silent or loud:
            p.error(f"curl: (22) The requested URL returned error: {page.status}")
        _write_out(p, options, got, 0)
        return 22
    total = web.size(page)
    if options.has("m", "max-time") and total / BYTES_PER_SECOND > limit > 0:
        await p.sleep(limit)
        p.error(
            f"curl: (28) Operation timed out after {int(limit * 1000)} milliseconds with {int(limit * BYTES_PER_SECOND)} out of {total} bytes received"  # noqa: E501
        )
        return 28
    head = options.has("I", "head")
    if not silent and not head and (target or not p.stdout.isatty()):
        await _meter(p, total)
    elif total > 100_000:
        await p.sleep(total / BYTES_PER_SECOND)
    when = stamp(p.world, p.node, "%a, %d %b %Y %H:%M:%S GMT")
    text = ""
    if head or options.has("i", "include"):
        text = "".join(web.headers(x.page, when) for x in passed if x.page) + web.headers(page, when)
    status = _deliver(p, page, "" if head else target, text, head)
    if status:
        p.error("curl: (23) Failed writing body")
        return status
    _write_out(p, options, got, 0 if head else total)
    return 0


async def _failed(p: Process, got: web.Fetched, silent: bool, loud: bool, limit: float, options) -> int:  # noqa: ANN001
    if got.error == "timeout":
        await p.sleep(limit or 63)
    elif got.error == "unreachable" and got.address:
        await p.sleep(3)
    status, text = _error_text(got, options.has("connect-timeout", "m", "max-time"))
    if not silent or loud:
        p.error(f"curl: {text}")
    _write_out(p, options, got, 0)
    return status


def _deliver(p: Process, page: Page, target: str, head: str, only_head: bool) -> int:
    """Write head and body to a file or to stdout."""
    if only_head:
        p.stdout.write(head)
        return 0
    body = page.body
    if not target or target == "-":
        if head:
            p.stdout.write(head)
        p.stdout.write(body if body is not None else b"\0" * min(page.size, 65536))
        return 0
    path = p.path(target)
    try:
        if body is None:
            p.node.fs.write_synthetic(path, page.size, page.md5, user=p.user)
        else:
            p.node.fs.write(path, head.encode() + body, user=p.user)
    except OSError as error:
        p.error(f"Warning: Failed to create the file {target}: {error.strerror}")
        return 23
    return 0


def _write_out(p: Process, options, got: web.Fetched, total: int) -> None:  # noqa: ANN001
    text = options.get("w", "write-out")
    if not text:
        return
    page = got.page
    values = {
        "http_code": f"{page.status if page else 0:03d}",
        "response_code": f"{page.status if page else 0:03d}",
        "size_download": str(total),
        "time_total": f"{total / BYTES_PER_SECOND + 0.012:.3f}",
        "url_effective": got.url,
        "content_type": page.kind if page else "",
        "num_redirects": "0",
        "time_connect": "0.004",
        "speed_download": f"{BYTES_PER_SECOND:.3f}",
    }
    for name, value in values.items():
        text = text.replace("%{" + name + "}", value)
    p.stdout.write(text.replace("\\n", "\n").replace("\\t", "\t"))


@command("wget", package="wget", path="/usr/bin")
async def wget(p: Process) -> int:
    """Fetch files: -O FILE -q -c -N -P DIR --spider -T -t."""
    try:
        options = getopt(
            p.argv[1:],
            "O:qcNP:T:t:4nvSdbi:U:",
            (
                "output-document=",
                "quiet",
                "continue",
                "timestamping",
                "directory-prefix=",
                "timeout=",
                "tries=",
                "no-check-certificate",
                "spider",
                "no-verbose",
                "no-proxy",
                "inet4-only",
                "server-response",
                "user-agent=",
                "progress=",
                "no-clobber",
                "version",
            ),
        )
    except UsageError as error:
        p.error(f"wget: {error}\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.")
        return 2
    if not options.rest:
        p.error("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.")
        return 1
    status = 0
    for url in options.rest:
        status = await _wget(p, options, url) or status
    return status


async def _wget(p: Process, options, url: str) -> int:  # noqa: ANN001
    quiet = options.has("q", "quiet") or "nv" in "".join(f for f, _ in options.flags)

    def say(text: str, end: str = "\n") -> None:
        if not quiet:
            p.error(text, end=end)

    for _ in range(20):
        url = url if "://" in url else f"http://{url}"
        host, port = network.host_of(url), network.port_of(url)
        say(f"--{stamp(p.world, p.node, '%Y-%m-%d %H:%M:%S')}--  {url}")
        got = web.fetch(p.world, p.node, url, netns(p))
        if got.error == "resolve":
            say(f"Resolving {host}... failed: Name or service not known.")
            p.error(f"wget: unable to resolve host address `{host}'")
            return 4
        if not network.is_address(host):
            say(f"Resolving {host}... {got.address}")
        shown = f"{host}|{got.address}|" if not network.is_address(host) else host
        say(f"Connecting to {shown}:{port}... ", "")
        if got.page is None:
            word = {
                "refused": "Connection refused",
                "timeout": "Connection timed out",
                "prohibited": "No route to host",
                "unreachable": "No route to host",
                "ssl": "SSL",
            }.get(got.error, got.error)
            say(f"failed: {word}.")
            return 4
        page = got.page
        say(f"connected.\nHTTP request sent, awaiting response... {page.status} {web.REASONS.get(page.status, '')}")
        if page.status in (301, 302):
            url = urljoin(url, page.location)
            say(f"Location: {url} [following]")
            continue
        if page.status != 200:
            say(
                f"{stamp(p.world, p.node, '%Y-%m-%d %H:%M:%S')} ERROR {page.status}: {web.REASONS.get(page.status, '')}.\n"  # noqa: E501
            )
            return 8 if page.status != 401 else 6
        return await _wget_save(p, options, url, page, say)
    return 8


async def _wget_save(p: Process, options, url: str, page: Page, say) -> int:  # noqa: ANN001
    total = web.size(page)
    human = f" ({total / 1048576:.0f}M)" if total > 1048576 else f" ({total / 1024:.1f}K)" if total > 1024 else ""
    say(f"Length: {total}{human} [{page.kind}]")
    if options.has("spider"):
        say("Remote file exists.\n")
        return 0
    name = options.get("O", "output-document")
    file = name or url.partition("://")[2].partition("?")[0].rpartition("/")[2] or "index.html"
    if not name and "/" not in url.partition("://")[2]:
        file = "index.html"
    directory = options.get("P", "directory-prefix")
    if directory and not name:
        p.node.fs.mkdir(p.path(directory), parents=True)
        file = f"{directory}/{file}"
    if not name and p.node.fs.exists(p.path(file)) and not options.has("c", "continue", "N", "timestamping"):
        number = 1
        while p.node.fs.exists(p.path(f"{file}.{number}")):
            number += 1
        file = f"{file}.{number}"
    say(f"Saving to: `{'STDOUT' if name == '-' else file}'\n")
    await p.sleep(total / BYTES_PER_SECOND)
    if name == "-":
        p.stdout.write(page.body or b"")
    elif _deliver(p, page, file, "", False):
        p.error(f"{file}: Permission denied\n\nCannot write to `{file}' (Permission denied).")
        return 3
    say(
        f"100%[======================================>] {total:<11,} 2.10M/s   in {total / BYTES_PER_SECOND:.1f}s    \n"
    )
    say(f"{stamp(p.world, p.node, '%Y-%m-%d %H:%M:%S')} (2.10 MB/s) - `{file}' saved [{total}/{total}]\n")
    return 0


PORTS = {
    22: "ssh",
    25: "smtp",
    53: "domain",
    80: "http",
    123: "ntp",
    443: "https",
    3306: "mysql",
    5672: "amqp",
    3260: "iscsi-target",
    8080: "webcache",
    5000: "commplex-main",
    11211: "memcache",
}


@command("nc", package="nc", path="/usr/bin")
async def nc(p: Process) -> int:
    """-z only tries, -v talks, -w SECONDS, -u UDP, -l listens (until its input ends)."""
    try:
        options = getopt(p.argv[1:], "46Ddhi:klnp:rSs:tT:Uuvw:X:x:z")
    except UsageError as error:
        p.error(
            f"nc: {error}\nusage: nc [-46DdhklnrStUuvzC] [-i interval] [-p source_port]\n\t  [-s source_ip_address] [-T ToS] [-w timeout] [-X proxy_version]\n"  # noqa: E501
            "\t  [-x proxy_address[:port]] [hostname] [port[s]]"
        )
        return 1
    if options.has("l"):
        return await _listen(p, options)
    if len(options.rest) < 2:
        p.error("usage: nc [-46DdhklnrStUuvzC] [-i interval] [-p source_port]")
        return 1
    host = options.rest[0]
    proto = "udp" if options.has("u") else "tcp"
    address = network.resolve(p.world, p.node, host, netns(p))
    if address is None:
        p.error("nc: getaddrinfo: Name or service not known")
        return 1
    low, _, high = options.rest[1].partition("-")
    status = 1
    for port in range(int(low), int(high or low) + 1):
        link = network.connect(p.world, p.node, address, port, proto, netns(p))
        if link.open:
            status = 0
            if options.has("z", "v"):
                p.print(f"Connection to {host} {port} port [{proto}/{PORTS.get(port, '*')}] succeeded!")
            if not options.has("z"):
                p.print(
                    "SSH-2.0-OpenSSH_5.3\r" if link.program == "sshd" else "",
                    end="\n" if link.program == "sshd" else "",
                )
            continue
        if link.reason == "timeout":
            await p.sleep(float(options.get("w", default="63") or 63))
        if options.has("v"):
            word = {
                "refused": "Connection refused",
                "timeout": "Connection timed out",
                "prohibited": "No route to host",
                "host-unreachable": "No route to host",
                "no-route": "Network is unreachable",
            }[link.reason]
            p.error(f"nc: connect to {host} port {port} ({proto}) failed: {word}")
    return status


async def _listen(p: Process, options) -> int:  # noqa: ANN001
    from ..nodestate import listeners

    port = int(options.get("p") or (options.rest[-1] if options.rest else "0"))
    if network.listening(p.node, "tcp", port, "0.0.0.0"):
        p.error("nc: Address already in use")
        return 1
    entry = {
        "proto": "udp" if options.has("u") else "tcp",
        "port": port,
        "address": "0.0.0.0",
        "pid": p.pid,
        "program": "nc",
    }
    listeners(p.node).append(entry)
    try:
        while await p.stdin.read(65536):
            pass
        await p.sleep(3600)
    finally:
        if entry in listeners(p.node):
            listeners(p.node).remove(entry)
    return 0


@command("telnet", package="telnet", path="/usr/bin")
async def telnet(p: Process) -> int:
    words = [w for w in p.argv[1:] if not w.startswith("-")]
    if not words:
        return 0
    host, port = words[0], int(words[1]) if len(words) > 1 and words[1].isdigit() else 23
    address = network.resolve(p.world, p.node, host, netns(p))
    if address is None:
        p.error(f"telnet: {host}: Name or service not known\n{host}: Unknown host")
        return 1
    p.print(f"Trying {address}...")
    link = network.connect(p.world, p.node, address, port, netns=netns(p))
    if not link.open:
        if link.reason == "timeout":
            await p.sleep(63)
        word = {
            "refused": "Connection refused",
            "timeout": "Connection timed out",
            "no-route": "Network is unreachable",
        }.get(link.reason, "No route to host")
        p.error(f"telnet: connect to address {address}: {word}")
        return 1
    p.print(f"Connected to {host}.\nEscape character is '^]'.")
    if link.program == "sshd":
        p.print("SSH-2.0-OpenSSH_5.3")
    await p.stdin.readline()
    p.print("Connection closed by foreign host.")
    return 1
