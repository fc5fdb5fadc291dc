"""What the clients in Python share: command line, check of each answer, measurement."""

import json
import platform
import resource
import sys
import time

# What `post-json` sends: 1024 bytes.
JSON = b'{"text":"' + b"x" * 1013 + b'"}'


class Options:
    """The command line; ends the process with 3 where it asks for what the client cannot do, and
    with the version printed after --version."""

    def __init__(self, version, *can):
        if sys.argv[1:] == ["--version"]:
            print(f"{version}, Python {platform.python_version()}")
            sys.exit(0)
        self.url = self.cacert = None
        self.requests = self.in_flight = 0
        self.workload, self.http2 = "get", False
        arguments = iter(sys.argv[1:])
        for name in arguments:
            key = name[2:].replace("-", "_")
            if name == "--http2":
                self.http2 = True
            elif key in ("requests", "in_flight"):
                setattr(self, key, int(next(arguments)))
            elif key in ("url", "workload", "cacert"):
                setattr(self, key, next(arguments))
            else:
                sys.exit(f"unknown argument {name}")
        if not (self.url and self.requests and self.in_flight):
            sys.exit("--url, --requests and --in-flight are needed")
        self._refuse(can)

    def _refuse(self, can):
        lacking = None
        if self.workload != "get" and self.workload not in can:
            lacking = f"workload {self.workload}"
        elif self.http2 and "http2" not in can:
            lacking = "HTTP/2"
        if lacking:
            print(f"no {lacking}", file=sys.stderr)
            sys.exit(3)


class Tally:
    """Checks the answers of a run and says how many more to start."""

    expected = None  # the length of the first body, which all others must have too

    def __init__(self, requests):
        self.left = requests
        self.running = self.failed = self.bytes = 0

    def start(self):
        """Claims the next request, where one is left."""
        if self.left == 0:
            return False
        self.left -= 1
        self.running += 1
        return True

    def done(self, status, length, why=None):
        """Records how a request ended; status is None where there was no answer."""
        self.running -= 1
        if status == 200:
            if Tally.expected is None:
                Tally.expected = length
            self.bytes += length
        if status != 200 or length != Tally.expected:
            if self.failed == 0:
                print(f"failed: status {status}, {length} bytes, {why}", file=sys.stderr)
            self.failed += 1


def raise_file_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _peak_memory():
    """In kB, of this program: getrusage's would count what ran in the process before exec."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


class Measurement:
    """From its making on, of the run that the tally counts."""

    def __init__(self, tally):
        self.tally, self.requests = tally, tally.left
        self.usage = resource.getrusage(resource.RUSAGE_SELF)
        self.began = time.monotonic()

    def report(self):
        seconds = time.monotonic() - self.began
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({
            "requests": self.requests,
            "failed": self.tally.failed,
            "seconds": round(seconds, 6),
            "user": round(usage.ru_utime - self.usage.ru_utime, 6),
            "system": round(usage.ru_stime - self.usage.ru_stime, 6),
            "max_rss_kb": _peak_memory(),
            "bytes": self.tally.bytes,
        }, separators=(",", ":")), flush=True)
