# SPDX-License-Identifier: GPL-3.0-or-later
"""A small engine that speaks the control protocol (help/protocol), for tests
of the shell that must not depend on peers, timing or rights.

It keeps configuration text, revisions and drafts, answers the show methods
from plain objects that a test may change, and sends events on demand.  It
checks no configuration: the texts that it is to refuse are named by the test
(FakeEngine.refuse)."""
import json
import os
import socket
import threading
import time

TUNNELS = [
    {"network": "branch", "phase1": "hq", "state": "connected",
     "since": "2026-01-02T03:04:05Z", "ike_version": 2,
     "role": "initiator",
     "local": {"address": "198.51.100.2", "port": 500, "id": "gw1"},
     "remote": {"address": "203.0.113.7", "port": 500, "id": "gw2"},
     "proposal": "aes256gcm16-prfsha256-ecp256", "nat": None,
     "reason": None, "rekey_at": None, "expires_at": None,
     "next_try_at": None, "children": [
         {"phase2": "lan", "state": "connected", "mode": "tunnel",
          "protocol": "esp", "plane": "user",
          "proposal": "aes256gcm16", "local_ts": ["10.1.0.0/24"],
          "remote_ts": ["10.2.0.0/24"], "spi_in": "c0000001",
          "spi_out": "c0000002", "bytes_in": 1300234, "bytes_out": 3200,
          "packets_in": 10, "packets_out": 11, "reason": None}]},
    {"network": "branch", "phase1": "paris", "state": "failed",
     "since": "2026-01-02T03:04:05Z", "ike_version": None, "role": None,
     "local": {"address": None}, "remote": {"address": "2001:db8::7"},
     "proposal": None, "reason": {
         "code": "no-answer", "text": "The peer does not answer.",
         "ours": None, "theirs": None, "remedy": ["diagnose"]},
     "children": []},
]

REASON = {"code": "no-proposal", "text": "The peer accepts none of our "
          "proposals.", "ours": "aes256-sha256-modp2048",
          "theirs": "aes128-sha256-ecp256",
          "remedy": ["set vpn-network branch phase1 hq proposal 10 "
                     "dh-group 19"]}


class FakeEngine:
    """Serve DIR/run/control until stop(); every request is kept in .seen."""

    def __init__(self, folder, text="", tunnels=None):
        self.path = os.path.join(folder, "run", "control")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.text, self.revision = text, 1 if text else 0
        self.texts = {self.revision: text}
        self.history = []
        self.draft = None
        self.secrets = {}
        self.tunnels = TUNNELS if tunnels is None else tunnels
        self.records = [
            {"time": f"2026-01-02T03:04:{i:02}Z", "level": "info",
             "event": "ike-state", "tunnel": "branch/hq",
             "text": f"record {i}"} for i in range(60)]
        self.refuse = None      # function text -> list of errors
        self.answers = {}       # method -> result or exception object
        self.connect_s = 0.0    # how long connect takes
        self.seen = []
        self.clients = []
        self.lock = threading.Lock()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(self.path)
        self.sock.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.sock.close()
        for c in self.clients:
            try:
                c.shutdown(socket.SHUT_RDWR)
                c.close()
            except OSError:
                pass
        if os.path.exists(self.path):
            os.unlink(self.path)

    def event(self, topic, data):
        for c in list(self.clients):
            self._send(c, {"event": topic, "data": data})

    def calls(self, method):
        return [p for m, p in self.seen if m == method]

    # ---- the wire ----

    def _accept(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            self.clients.append(c)
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _send(self, c, obj):
        try:
            with self.lock:
                c.sendall(json.dumps(obj).encode() + b"\n")
        except OSError:
            pass

    def _serve(self, c):
        try:
            for line in c.makefile():
                req = json.loads(line)
                threading.Thread(target=self._answer, args=(c, req),
                                 daemon=True).start()
        except (OSError, ValueError):
            pass

    def _answer(self, c, req):
        method, params = req["method"], req.get("params") or {}
        self.seen.append((method, params))
        reply = self.answers.get(method)
        if reply is None:
            do = getattr(self, "do_" + method.replace(".", "_"), None)
            reply = do(c, req["id"], params) if do else Refusal(
                "not-found", f"There is no method {method}.")
        if isinstance(reply, Refusal):
            self._send(c, {"id": req["id"], "error": reply.error})
        else:
            self._send(c, {"id": req["id"], "result": reply})

    # ---- methods ----

    def do_hello(self, c, rid, p):
        return {"version": 1, "program": "0.1", "pid": os.getpid(),
                "data_plane": "user",
                "data_plane_why": "this kernel has no ESP",
                "role": "administrator",
                "networks": self.text.count("vpn-network"),
                "revision": self.revision, "dir": "", "tunnels_up":
                sum(t["state"] == "connected" for t in self.tunnels)}

    def do_config_get(self, c, rid, p):
        return {"revision": self.revision, "text": self.text,
                "secrets": sorted(self.secrets)}

    def do_config_revision(self, c, rid, p):
        return {"revision": p["revision"], "text":
                self.texts.get(p["revision"], "")}

    def do_config_validate(self, c, rid, p):
        errors = self.refuse(p["text"]) if self.refuse else []
        return {"errors": errors, "warnings": []}

    def do_config_commit(self, c, rid, p):
        if p["base"] != self.revision:
            return Refusal("conflict", "Revision %d was committed after "
                           "you began with %d." % (self.revision, p["base"]))
        errors = self.refuse(p["text"]) if self.refuse else []
        if errors:
            return Refusal("invalid", errors[0]["message"], errors=errors)
        self.text = p["text"]
        self.secrets.update(p.get("secrets") or {})
        self.revision += 1
        self.texts[self.revision] = self.text
        self.history.insert(0, {
            "revision": self.revision, "time": "2026-01-02T03:04:05Z",
            "who": "root", "comment": p.get("comment", "")})
        return {"revision": self.revision, "changes": 1, "warnings": []}

    def do_config_history(self, c, rid, p):
        return {"history": self.history}

    def do_draft_save(self, c, rid, p):
        self.draft = p
        return {}

    def do_draft_load(self, c, rid, p):
        return self.draft or {"text": None, "secrets": {}}

    def do_draft_drop(self, c, rid, p):
        self.draft = None
        return {}

    def do_power(self, c, rid, p):
        return {"network": p["network"], "state": p["state"]}

    def do_connect(self, c, rid, p):
        name = p["target"][-1]
        if p["wait_ms"] == 0:
            return {"state": "connecting"}
        if name == "paris":
            return Refusal("peer", REASON["text"], reason=REASON)
        end = time.monotonic() + self.connect_s
        tries = 1
        while time.monotonic() < end:
            self._send(c, {"id": rid, "more": True, "result": {
                "progress": f"IKE_SA_INIT sent (try {tries})"}})
            tries += 1
            time.sleep(0.2)
        return {"state": "connected", "tunnel": self.tunnels[0],
                "seconds": 0.2}

    def do_disconnect(self, c, rid, p):
        return {"state": "closing"}

    def do_rekey(self, c, rid, p):
        return {}

    def do_reset_counters(self, c, rid, p):
        return {}

    def do_show_tunnels(self, c, rid, p):
        return {"tunnels": [t for t in self.tunnels if
                            p.get("network", t["network"]) == t["network"] and
                            p.get("phase1", t["phase1"]) == t["phase1"]]}

    def do_show_ike(self, c, rid, p):
        return {"ike_sas": []}

    def do_show_networks(self, c, rid, p):
        return {"networks": [{
            "network": "branch", "placement": "namespace", "power": "on",
            "state": "on", "address": "10.1.0.1", "namespace": "sp-branch",
            "data_plane": "user", "error": None}]}

    def do_show_system(self, c, rid, p):
        return {"system": {"version": "0.1", "pid": 1, "uptime_s": 5}}

    def do_show_log(self, c, rid, p):
        return {"records": self.records[-p.get("last", 200):]}

    def do_subscribe(self, c, rid, p):
        return {}

    def do_unsubscribe(self, c, rid, p):
        return {}

    def do_shutdown(self, c, rid, p):
        return {}


class Refusal:
    def __init__(self, code, message, **more):
        self.error = dict({"code": code, "message": message}, **more)
