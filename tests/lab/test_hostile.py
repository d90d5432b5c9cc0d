# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine under attack from the network and from its control socket, with
a tunnel to strongSwan and a ping through it: scans, random and mutated
datagrams, a flood of IKE_SA_INIT from many sources, replayed IKE_AUTH and
ESP, forged ESP.  The tunnel must not lose a packet, the engine not grow,
no answer to nonsense be longer than the nonsense, the log stay readable, a
new tunnel come up meanwhile.

Attacks run in the router's namespace: this file again, as
"attack KIND ARGUMENTS", which prints JSON."""
import base64
import collections
import glob
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time

from lablib import (SHARED, Lab, check, equal, need, settings)

LEFT, RIGHT = "192.0.2.2", "198.51.100.2"
CAPTURES = SHARED + "/vectors/captures"
MARKER = bytes(4)
P = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
    "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
    "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
    "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
    "3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff",
    16)


# ---- packets

def datagrams(path):
    """(source, sport, destination, dport, payload) of a capture's UDP."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") \
        else ">"
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xffff
    at, out = 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        if at + 16 + size > len(data):
            break               # still being written
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        ip = frame[{1: 14, 101: 0, 12: 0, 113: 16, 276: 20}[link]:]
        if len(ip) > 28 and ip[0] >> 4 == 4 and ip[9] == 17:
            udp = ip[(ip[0] & 15) * 4:]
            src, dst = ip[12:16], ip[16:20]
        elif len(ip) > 48 and ip[0] >> 4 == 6 and ip[6] == 17:
            udp, src, dst = ip[40:], ip[8:24], ip[24:40]
        else:
            continue
        sport, dport, length = struct.unpack_from("!HHH", udp)
        out.append((src, sport, dst, dport, udp[8:length]))
    return out


def ike_messages():
    out = []
    for path in sorted(glob.glob(CAPTURES + "/*.pcap")):
        for _, sport, _, dport, data in datagrams(path):
            if 4500 in (sport, dport):
                if data[:4] != MARKER:
                    continue
                data = data[4:]
            if len(data) >= 28:
                out.append(data)
    return out


def sa_init(ke, nonce=None):
    """IKE_SA_INIT: AES-CBC-128, HMAC-SHA2-256-128, PRF too, group 14."""
    def transform(last, kind, number, attr=b""):
        return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attr),
                           kind, 0, number) + attr

    def payload(following, body):
        return struct.pack("!BBH", following, 0, 4 + len(body)) + body
    rows = transform(0, 1, 12, struct.pack("!HH", 0x800e, 128)) + \
        transform(0, 3, 12) + transform(0, 2, 5) + transform(1, 4, 14)
    sa = struct.pack("!BBHBBBB", 0, 0, 8 + len(rows), 1, 1, 0, 4) + rows
    body = payload(34, sa) + \
        payload(40, struct.pack("!HH", 14, 0) + ke) + \
        payload(0, nonce or os.urandom(32))
    return os.urandom(8) + bytes(8) + struct.pack(
        "!BBBBII", 33, 0x20, 34, 8, 0, 28 + len(body)) + body


def public_value():
    return pow(2, random.getrandbits(256) | 1, P).to_bytes(256, "big")


def raw(src, sport, dst, dport, data):
    """An IPv4 packet; the kernel fills in its checksum, UDP has none."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0, 64,
                       17, 0, src, dst)
    return head + struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


class Raw:
    """Sends packets from whatever source, so many a second."""

    def __init__(self, rate):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
        self.pace = Pace(rate)

    def send(self, src, sport, dport, data):
        self.s.sendto(raw(src, sport, socket.inet_aton(LEFT), dport, data),
                      (LEFT, 0))
        self.pace.tick()


class Pace:
    def __init__(self, rate):
        self.gap, self.next = 1 / rate, time.monotonic()

    def tick(self):
        self.next += self.gap
        wait = self.next - time.monotonic()
        if wait > 0.002:
            time.sleep(wait)


# ---- attacks (in the router's namespace)

def mutate(rnd, data):
    b = bytearray(data)
    for _ in range(rnd.choice((1, 1, 2, 3, 8))):
        at = rnd.randrange(len(b))
        kind = rnd.randrange(6)
        if kind == 0:
            b[at] ^= 1 << rnd.randrange(8)
        elif kind == 1:
            b[at] = rnd.choice((0, 1, 0x7f, 0x80, 0xff))
        elif kind == 2:
            del b[at:at + rnd.randrange(1, 40)]
        elif kind == 3:
            b[at:at] = rnd.randbytes(rnd.randrange(1, 40))
        elif kind == 4 and len(b) > 28:
            struct.pack_into("!H", b, rnd.randrange(28, len(b) - 1)
                             if len(b) > 29 else 26, rnd.choice(
                                 (0, 1, 3, 4, 5, 0xffff, len(b))))
        else:
            b = b[:rnd.randrange(len(b)) + 1]
        if not b:
            b = bytearray(b"\0")
    if rnd.random() < 0.5 and len(b) >= 28:
        struct.pack_into("!I", b, 24, len(b))   # past the first check
    if rnd.random() < 0.5 and len(b) >= 8:
        b[:8] = rnd.randbytes(8)                # a new SA each time
    return bytes(b)


def garbage(rnd, seeds):
    """(port, datagram) for ever: random, mutated, marked or not."""
    while True:
        kind = rnd.random()
        if kind < 0.2:
            data = rnd.randbytes(rnd.choice((0, 1, 3, 4, 7, 27, 28, 29, 60,
                                             300, 1400)))
        elif kind < 0.25:
            data = seeds[rnd.randrange(len(seeds))]
        else:
            data = mutate(rnd, seeds[rnd.randrange(len(seeds))])
        port = rnd.choice((500, 4500))
        if rnd.random() < (0.8 if port == 4500 else 0.05):
            data = MARKER + data
        yield port, data


def attack_garbage(number, rate, seed):
    """Each of 128 sockets is read before it is used again, so that an answer
    is known to belong to the request before it."""
    rnd = random.Random(seed)
    source = garbage(rnd, ike_messages())
    socks = collections.deque()
    bad, answers, pace = [], 0, Pace(rate)
    for _ in range(128):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setblocking(False)
        socks.append([s, b"", 0])

    def drain(entry):
        nonlocal answers
        s, request, port = entry
        while True:
            try:
                answer = s.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                continue        # an ICMP error
            answers += 1
            ike = answer[4:] if port == 4500 else answer
            # a whole IKE_SA_INIT answer has more to say than was asked
            legal = len(ike) > 28 and ike[16] == 33 and ike[18] == 34
            if len(answer) > len(request) * (3 if legal else 1):
                bad.append((port, request.hex(), answer.hex()))
    for _ in range(number):
        entry = socks[0]
        socks.rotate(-1)
        drain(entry)
        port, data = next(source)
        entry[1:] = [data, port]
        try:
            entry[0].sendto(data, (LEFT, port))
        except OSError:
            pass
        pace.tick()
    select.select([], [], [], 0.2)
    for entry in socks:
        drain(entry)
    return {"answers": answers, "bad": bad[:5]}


def attack_flood(seconds, rate):
    """First messages from ever new sources; nobody goes on with them."""
    out, ke = Raw(rate), [public_value() for _ in range(8)]
    end, sent = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        out.send(bytes((203, 0, 113, sent % 254 + 1)),
                 1024 + sent * 7 % 60000, 500, sa_init(ke[sent % 8]))
        sent += 1
    return {"sent": sent}


def attack_replay(path, times, rate):
    """What the peer sent, once more: from its own address and from others,
    and changed, with the SPIs of SAs that are alive."""
    out, n, rnd = Raw(rate), 0, random.Random(times)
    theirs = [d for d in datagrams(path)
              if d[0] == socket.inet_aton(RIGHT)]
    for k in range(times):
        for _, sport, _, dport, data in theirs:
            out.send(socket.inet_aton(RIGHT), sport, dport, data)
            out.send(bytes((203, 0, 113, 9)), 4500 + k, dport, data)
            head = rnd.choice((4, 12, 28, 32))
            out.send(socket.inet_aton(RIGHT), sport, dport, data[:head] +
                     mutate(rnd, data[head:] or b"x"))
            n += 3
    return {"packets": len(theirs), "sent": n}


def attack_esp(spi, number, rate):
    """Forged ESP: of the SA that there is, and of none."""
    out = Raw(rate)
    for k in range(number):
        known = spi if k % 2 else random.getrandbits(31) | 0x100
        data = struct.pack("!II", known, random.choice(
            (k, 0, 0xffffffff, random.getrandbits(32)))) + \
            os.urandom(random.choice((0, 1, 16, 40, 41, 48, 64, 128, 1408)))
        src = RIGHT if k % 4 < 2 else "203.0.113.7"
        out.send(socket.inet_aton(src), 4500, 4500, data)
    return {"sent": number}


ATTACKS = {
    "garbage": lambda a: attack_garbage(int(a[0]), float(a[1]), int(a[2])),
    "flood": lambda a: attack_flood(float(a[0]), float(a[1])),
    "replay": lambda a: attack_replay(a[0], int(a[1]), float(a[2])),
    "esp": lambda a: attack_esp(int(a[0], 16), int(a[1]), float(a[2])),
}


# ---- the test's side

class Siege(Lab):
    def attack(self, kind, *args):
        return subprocess.Popen(
            ["ip", "netns", "exec", self.env["LAB"] + "-m", sys.executable,
             os.path.abspath(__file__), "attack", kind, *map(str, args)],
            stdout=subprocess.PIPE, text=True)

    def done(self, process):
        out = process.communicate(timeout=120)[0]
        equal("the attacker's exit", process.returncode, 0)
        return json.loads(out)

    def memory(self):
        for line in open(f"/proc/{self.engine.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    def within(self, before, limit):
        """A sanitizer keeps freed memory for its own ends."""
        with open(f"/proc/{self.engine.pid}/maps") as maps:
            return self.memory() - before < limit or "libasan" in maps.read()

    def bounded(self, before, limit):
        check(self.within(before, limit),
              f"grew from {before} to {self.memory()} KiB")

    def counters(self):
        row = self.json("show counters")["networks"][0]
        return row["ike"], row["plane"]

    def alive(self):
        check(self.engine.poll() is None,
              f"the engine ended: {self.engine.poll()}\n" +
              open(self.dir + ".log").read()[-4000:])
        equal("forbidden transitions", self.counters()[0]["bad_transitions"],
              0)

    def no_loss(self, ping):
        sent, lost = self.lost(ping)
        check(sent > 10 and lost == 0, f"{lost} of {sent} pings lost")

    def reached(self, seconds=45):
        """Half-open ones are gone again."""
        self.wait("end of the half-open SAs",
                  lambda: self.counters()[0]["half_open"] == 0, seconds)


def setup(lab):
    """The tunnel of the lab, and one that answers anybody."""
    lab.charon("v2-psk-cbc-modp2048")
    road = [line.replace(" phase1 lab ", " phase1 road ")
            .replace("remote-gateway " + RIGHT, "remote-gateway any")
            .replace("10.2.1.0/24", "10.2.9.0/24")
            .replace("peer-identifier right", "peer-identifier road")
            .replace(" lab-psk", " other-psk")
            for line in settings(esp="aes 128 sha256 none")
            if " phase1 lab " in line]
    lab.start(settings(esp="aes 128 sha256 none") + road)
    lab.connect()
    lab.ping()


def scans(lab):
    setup(lab)
    ping = lab.start_ping(6)
    out = lab.lab("exec", "mid", "sh", "-c", "; ".join(
        f"ike-scan --sport=0 --retry=1 --timeout=300 {opts} {LEFT}"
        for opts in ("", "--aggressive --id=x", "--ikev2", "--nat-t",
                     "--trans=7/128,2,1,14")) + "; true")
    check("1 returned handshake" not in
          "\n".join(out.splitlines()[:2]), f"IKEv1 was answered:\n{out}")
    lab.no_loss(ping)
    lab.alive()


def random_and_mutated(lab):
    setup(lab)
    before = lab.counters()[0]
    ping = lab.start_ping(14)
    rss = lab.memory()
    started = time.time()
    found = lab.done(lab.attack("garbage", 20000, 2500,
                                os.environ.get("SP_SEED", 7)))
    took = time.time() - started
    lab.no_loss(ping)
    lab.alive()
    check(not found["bad"], f"answers longer than allowed: {found['bad']}")
    after = lab.counters()[0]
    check(after["malformed"] > before["malformed"] + 1000,
          f"malformed is not counted: {after}")
    lab.bounded(rss, 12288)
    words = collections.Counter(
        (r["event"], r["time"][:19])
        for r in lab.json("show log last 100000")["records"]
        if not r["tunnel"])
    for (event, when), number in words.items():
        check(number <= 12 or event in ("audit", "commit"),
              f"{number} records {event} in the second {when}")
    print(f"# {found['answers']} answers, {took:.1f} s, "
          f"{lab.memory() - rss} KiB", flush=True)
    lab.ping()


def flood(lab):
    setup(lab)
    rss = lab.memory()
    ping = lab.start_ping(8)
    attack = lab.attack("flood", 10, 1500)
    lab.wait("cookies", lambda: lab.counters()[0]["cookies_sent"] > 1000)
    ike = lab.counters()[0]
    check(ike["half_open"] <= 40, f"half-open: {ike['half_open']}")
    started = time.monotonic()
    lab.run("show tunnels")
    check(time.monotonic() - started < 1, "the shell waits")
    lab.no_loss(ping)
    sent = lab.done(attack)["sent"]
    lab.alive()
    lab.bounded(rss, 8192)
    lab.reached()
    lab.bounded(rss, 4096)
    lab.ping()
    print(f"# {sent} first messages, {lab.counters()[0]['cookies_sent']} "
          f"cookies, {lab.memory() - rss} KiB", flush=True)


def connects_meanwhile(lab):
    """As initiator and, with a cookie, as responder."""
    setup(lab)
    attack = lab.attack("flood", 12, 1500)
    lab.wait("cookies", lambda: lab.counters()[0]["cookies_sent"] > 100)
    lab.run("disconnect lab lab force")
    lab.wait("no SA", lambda: "ESTABLISHED" not in lab.sas())
    started = time.monotonic()
    lab.connect()
    first = time.monotonic() - started
    lab.ping()
    lab.run("disconnect lab lab force")
    lab.wait("no SA", lambda: "ESTABLISHED" not in lab.sas())
    started = time.monotonic()
    lab.ctl("--initiate", "--child", "net", "--timeout", "10")
    second = time.monotonic() - started
    check("N(COOKIE)" in lab.log(), "the peer needed no cookie")
    check(attack.poll() is None, "the flood was over too early")
    check(first < 2 and second < 2, f"slow: {first:.1f} s, {second:.1f} s")
    lab.ping()
    lab.done(attack)
    lab.alive()


def replayed(lab):
    """IKE_SA_INIT, IKE_AUTH and ESP of the peer again, also from elsewhere;
    nothing changes, nothing is lost, the copies are counted."""
    setup(lab)
    lab.run("disconnect lab lab force")
    lab.wait("no SA", lambda: "ESTABLISHED" not in lab.sas())
    path = lab.dir + "/peer.pcap"
    lab.lab("capture", "left", path)
    lab.ctl("--initiate", "--child", "net", "--timeout", "10")
    lab.ping()
    lab.wait("capture of IKE_AUTH and ESP",      # tcpdump reads in blocks
             lambda: len(datagrams(path)) >= 6)
    lab.lab("capture", "off")
    child = lab.tunnel()["children"][0]
    ping = lab.start_ping(4)
    found = lab.done(lab.attack("replay", path, 60, 1500))
    lab.no_loss(ping)
    check(found["packets"] >= 3, f"little was captured: {found}")
    now = lab.tunnel()
    equal("children", len(now["children"]), 1)
    equal("SPI", now["children"][0]["spi_in"], child["spi_in"])
    check(now["children"][0]["replay_errors"] >= 20,
          f"replays are not counted: {now['children'][0]}")
    equal("the peer's address", now["remote"]["address"], RIGHT)
    equal("SAs at the peer", lab.sas().count("ESTABLISHED"), 1)
    lab.alive()


def forged_esp(lab):
    setup(lab)
    child = lab.tunnel()["children"][0]
    ping = lab.start_ping(6)
    lab.done(lab.attack("esp", child["spi_in"], 8000, 2000))
    lab.no_loss(ping)
    now = lab.tunnel()["children"][0]
    check(now["auth_errors"] >= 1000 and sum(
        now[x + "_errors"] for x in ("auth", "replay", "other")) >= 3900,
          f"forgeries are not counted: {now}")
    plane = lab.counters()[1]
    check(plane["no_sa"] >= 3000, f"unknown SPIs are not counted: {plane}")
    lab.alive()
    lab.ping()


# ---- the control socket

def control(lab):
    s = socket.socket(socket.AF_UNIX)
    s.connect(lab.dir + "/run/control")     # waits while the queue is full
    s.settimeout(10)
    return s


def ask(s, data):
    """Send, and what comes back: first line, or b"" if it hung up."""
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    got = b""
    while b"\n" not in got:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            return got
        if not more:
            return got
        got += more
    return got


HELLO = b'{"id":1,"method":"hello","params":{}}\n'


def nonsense(lab):
    """Each line gets an error, and the client may go on."""
    setup(lab)
    rnd = random.Random(3)
    s = control(lab)
    deep = b"[" * 100000
    for line in (b"x", b"\0\0", b"[]", b"1", b"{}", b'{"method":1}', deep,
                 b'{"method":"hello","params":[]}', b"\xff\xfe" * 100,
                 b'{"method":"' + b"A" * 10000 + b'"}',
                 b'{"id":{"a":[1]},"method":"connect"}',
                 b'{"method":"connect","params":{"target":[[],{},1]}}',
                 b'{"method":"power","params":{"network":null}}',
                 b'{"method":"show.log","params":{"last":-1e99}}',
                 b'{"method":"subscribe","params":{"topics":[1,{}]}}'):
        answer = ask(s, line + b"\n")
        check(answer.startswith(b"{"), f"{line[:40]}: {answer[:200]}")
    for _ in range(300):
        line = bytearray(HELLO[:-1])
        for _ in range(rnd.randrange(1, 6)):
            line[rnd.randrange(len(line))] = rnd.randrange(256)
        answer = ask(s, bytes(line).replace(b"\n", b" ") + b"\n")
        check(answer.startswith(b"{"), f"{bytes(line)}: {answer[:200]}")
    s.close()
    rss = lab.memory()
    for data in (b"a" * (1 << 21) + b"\n", b"a" * ((1 << 24) + (1 << 20))):
        s = control(lab)
        answer, size = ask(s, data), len(data)
        check(b"error" in answer or answer == b"",
              f"a line of {size}: {answer[:200]}")
        s.close()
    lab.wait("end of the client", lambda: lab.within(rss, 8192))
    lab.alive()


def hang_ups(lab):
    setup(lab)
    fds = len(os.listdir(f"/proc/{lab.engine.pid}/fd"))
    for k in range(200):
        s = control(lab)
        s.sendall((HELLO + b'{"id":2,"method":"show.log"}\n' * 3)
                  [:k * 7 % 120])
        s.close()
    for _ in range(20):         # in the middle of a wait
        s = control(lab)
        s.sendall(b'{"id":1,"method":"connect","params":{"target":["lab",'
                  b'"road"],"wait_ms":60000}}\n')
        s.close()
    lab.wait("descriptors given back", lambda: len(os.listdir(
        f"/proc/{lab.engine.pid}/fd")) <= fds + 1)
    lab.alive()


def hundred(lab):
    """Beyond the limit of a user they are sent away; the others are served."""
    setup(lab)
    many = [control(lab) for _ in range(100)]
    served = sum(b"result" in ask(s, HELLO) for s in many)
    check(20 <= served <= 32, f"{served} of 100 were served")
    for s in many:
        s.close()
    lab.run("show tunnels")
    lab.alive()


def slow_reader(lab):
    """It subscribes, asks for much and reads nothing: it is bounded, and
    the others do not wait."""
    setup(lab)
    rss = lab.memory()
    s = control(lab)
    ask(s, b'{"id":1,"method":"subscribe","params":{"topics":["log","state"],'
        b'"level":"debug"}}\n')
    s.setblocking(False)
    asked = 0
    end = time.monotonic() + 3
    while time.monotonic() < end and asked < 200000:
        try:
            asked += s.send(b'{"id":9,"method":"show.algorithms"}\n' * 50)
        except BlockingIOError:
            break
    started = time.monotonic()
    lab.ping()
    lab.run("show tunnels")
    check(time.monotonic() - started < 5, "others wait for it")
    lab.bounded(rss, 16384)
    s.close()
    lab.alive()


def many_waits(lab):
    """Calls that wait for a silent peer: a bounded number of them."""
    lab.start(settings(esp="aes 128 sha256 none"))
    s = control(lab)
    s.sendall(b'{"id":1,"method":"connect","params":{"target":["lab"],'
              b'"wait_ms":5000}}\n' * 100)
    got = b""
    while got.count(b'"error"') < 36:
        got += s.recv(65536)
    check(got.count(b"Too many calls") == 36, got[-300:])
    s.close()
    lab.alive()


def secrets_in_memory(lab):
    """Keys that went through the control socket are in locked memory that
    no core dump shows, and nowhere else, neither as base64."""
    setup(lab)
    key = b"Unmistakable-Zebra-Quartz-77-Violin"
    text = base64.b64encode(key)
    s = control(lab)
    for method in ("draft.save", "draft.load", "config.validate"):
        ask(s, json.dumps({"id": 1, "method": method, "params": {
            "text": "", "secrets": {"n/a": text.decode()}}}).encode() + b"\n")
    ask(s, HELLO)
    pid = int(json.loads(ask(s, HELLO))["result"]["pid"])
    s.close()
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in smaps:
            word = line.split()
            if "-" in word[0]:
                first, last = (int(x, 16) for x in word[0].split("-"))
                writable = "w" in word[1]
            if word[0] != "VmFlags:" or not writable or "dd" in word or \
                    last - first > 1 << 31:
                continue
            mem.seek(first)
            data = mem.read(last - first)
            for what in (key, text[4:40]):
                check(what not in data, f"{what} at {first:x}")
    lab.alive()


def main():
    if sys.argv[1:2] == ["attack"]:
        print(json.dumps(ATTACKS[sys.argv[2]](sys.argv[3:])))
        return
    need("/usr/bin/ike-scan", CAPTURES)
    lab = Siege("sph")
    only = sys.argv[1:]
    try:
        for function in (scans, random_and_mutated, flood,
                         connects_meanwhile, replayed, forged_esp, nonsense,
                         hang_ups, hundred, slow_reader, many_waits,
                         secrets_in_memory):
            if not only or function.__name__ in only:
                lab.case(function.__name__, function)
    finally:
        lab.close()


if __name__ == "__main__":
    main()
