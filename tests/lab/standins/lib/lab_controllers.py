"""The controllers: refuse an unknown scheduler policy, say which nodes are silent, answer healthz."""
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lab_config
from lab_etcd import Etcd

SILENT_SECS = 15


class Healthz(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def watch(etcd):
    """Nodes without a heartbeat become Unknown, as the node controller has it."""
    for text in etcd.all("/kubernetes.io/minions/"):
        node = json.loads(text)
        for one in node["status"]["conditions"]:
            if one["type"] == "Ready" and one["status"] == "True":
                last = one.get("lastHeartbeatEpoch", 0)
                if time.time() - last > SILENT_SECS:
                    one["status"], one["reason"] = "Unknown", "NodeStatusUnknown"
                    etcd.put("/kubernetes.io/minions/" + node["metadata"]["name"], json.dumps(node))


def serve(version, path):
    config = lab_config.master(version, path)
    lab_config.scheduler(version, config, path)
    etcd = Etcd(config, path)
    server = ThreadingHTTPServer(("0.0.0.0", 8444), Healthz)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab_config.under(path, config["servingInfo"]["certFile"]),
                            lab_config.under(path, config["servingInfo"]["keyFile"]))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Started OpenShift controllers v{version}", flush=True)
    lab_config.notify()
    while True:
        try:
            watch(etcd)
        except OSError as error:
            print(f"E {error}", flush=True)
        time.sleep(5)
