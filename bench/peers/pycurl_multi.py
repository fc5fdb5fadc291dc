"""pycurl's multi with socket_action and epoll. Easy handles are kept, as its manual advises."""

import io
import select
import time

import pycurl

from client import JSON, Measurement, Options, Tally, raise_file_limit

CURL_TO_EPOLL = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
EPOLL_TO_CURL = [0] * 32
for mask in range(32):
    EPOLL_TO_CURL[mask] = (
        (pycurl.CSELECT_IN if mask & select.EPOLLIN else 0)
        | (pycurl.CSELECT_OUT if mask & select.EPOLLOUT else 0)
        | (pycurl.CSELECT_ERR if mask & (select.EPOLLERR | select.EPOLLHUP) else 0)
    )


class Slot:
    """An easy handle and what it receives."""

    def __init__(self, options):
        self.buffer, self.length = io.BytesIO(), 0
        self.easy = easy = pycurl.Curl()
        easy.slot = self
        easy.setopt(pycurl.URL, options.url)
        easy.setopt(pycurl.NOSIGNAL, 1)
        easy.setopt(pycurl.HTTP_VERSION,
                    pycurl.CURL_HTTP_VERSION_2TLS if options.http2
                    else pycurl.CURL_HTTP_VERSION_1_1)
        if options.http2:
            easy.setopt(pycurl.PIPEWAIT, 1)
        if options.cacert:
            easy.setopt(pycurl.CAINFO, options.cacert)
        if options.workload == "post-json":
            easy.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])
            easy.setopt(pycurl.POSTFIELDS, JSON)
        self.counting = options.workload == "down"
        easy.setopt(pycurl.WRITEFUNCTION, self.count if self.counting else self.buffer.write)

    def count(self, chunk):
        self.length += len(chunk)

    def take(self):
        """The length of the body, which is forgotten."""
        if self.counting:
            length, self.length = self.length, 0
            return length
        length = len(self.buffer.getvalue())
        self.buffer.seek(0)
        self.buffer.truncate()
        return length


class Loop:
    def __init__(self, options):
        self.options = options
        self.free = []
        self.deadline = None  # of libcurl's timer, on time.monotonic's clock
        self.epoll = select.epoll()
        self.watched = set()
        self.multi = multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_SOCKETFUNCTION, self.on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self.on_timer)
        multi.setopt(pycurl.M_MAXCONNECTS, options.in_flight)

    def on_socket(self, event, fd, _multi, _data):
        if event == pycurl.POLL_REMOVE:
            self.watched.discard(fd)
            self.epoll.unregister(fd)
        elif fd in self.watched:
            self.epoll.modify(fd, CURL_TO_EPOLL[event])
        else:
            self.watched.add(fd)
            self.epoll.register(fd, CURL_TO_EPOLL[event])

    def on_timer(self, milliseconds):
        if milliseconds < 0:
            self.deadline = None
        else:
            self.deadline = time.monotonic() + milliseconds / 1000

    def add(self, slot, tally):
        if tally.start():
            self.multi.add_handle(slot.easy)
        else:
            self.free.append(slot)

    def finish_ended(self, tally):
        left = 1
        while left:
            left, good, bad = self.multi.info_read()
            for easy in good:
                self.multi.remove_handle(easy)
                tally.done(easy.getinfo(pycurl.RESPONSE_CODE), easy.slot.take())
                self.add(easy.slot, tally)
            for easy, _, message in bad:
                self.multi.remove_handle(easy)
                easy.slot.take()
                tally.done(None, None, message)
                self.add(easy.slot, tally)

    def turn(self, tally):
        wait = -1 if self.deadline is None else max(0, self.deadline - time.monotonic())
        for fd, events in self.epoll.poll(wait):
            self.multi.socket_action(fd, EPOLL_TO_CURL[events & 31])
        if self.deadline is not None and self.deadline <= time.monotonic():
            self.deadline = None
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self.finish_ended(tally)

    def run(self, tally):
        for _ in range(min(self.options.in_flight, tally.left)):
            self.add(self.free.pop() if self.free else Slot(self.options), tally)
        while tally.running:
            self.turn(tally)


def main():
    raise_file_limit()
    options = Options(pycurl.version, "down", "post-json", "http2")
    loop = Loop(options)
    loop.run(Tally(min(options.requests, options.in_flight)))
    tally = Tally(options.requests)
    measurement = Measurement(tally)
    loop.run(tally)
    measurement.report()


main()
