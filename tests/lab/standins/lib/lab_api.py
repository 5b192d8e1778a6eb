"""The API server: HTTPS, objects out of etcd."""
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lab_config
from lab_etcd import Etcd

KINDS = {
    "nodes": ("/kubernetes.io/minions/", "NodeList"),
    "namespaces": ("/kubernetes.io/namespaces/", "NamespaceList"),
}
SPACED = {
    "pods": ("/kubernetes.io/pods/", "PodList"),
    "deploymentconfigs": ("/openshift.io/deploymentconfigs/", "DeploymentConfigList"),
}


def place(path):
    """The etcd key, or prefix ending in a slash, that a path of the API stands for, and the list's kind."""
    words = [word for word in path.split("/") if word]
    if words[:2] not in (["api", "v1"], ["oapi", "v1"]):
        return None, None
    words = words[2:]
    if words[:1] == ["namespaces"] and len(words) >= 3 and words[2] in SPACED:
        prefix, kind = SPACED[words[2]]
        prefix += words[1] + "/"
        return (prefix + words[3], None) if len(words) > 3 else (prefix, kind)
    if words and words[0] in KINDS:
        prefix, kind = KINDS[words[0]]
        return (prefix + words[1], None) if len(words) > 1 else (prefix, kind)
    if words and words[0] in SPACED:
        return SPACED[words[0]]
    return None, None


def handler(version, etcd):
    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body, kind="application/json"):
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def failure(self, status, reason, message):
            self.answer(status, json.dumps({"kind": "Status", "status": "Failure", "message": message,
                                            "reason": reason, "code": status}))

        def do_GET(self):
            try:
                self.get(self.path.split("?")[0])
            except OSError as error:
                self.failure(500, "InternalError", str(error))

        def get(self, path):
            if path in ("/healthz", "/healthz/ready"):
                etcd.get("/kubernetes.io/namespaces/default")
                return self.answer(200, "ok", "text/plain")
            if path == "/version/openshift":
                return self.answer(200, json.dumps({"gitVersion": f"v{version}"}))
            if path.startswith("/console") and lab_config.minor(version) < 9:
                return self.answer(200, "<html>OpenShift Web Console</html>", "text/html")
            key, kind = place(path)
            if key is None:
                return self.failure(404, "NotFound", "the server could not find the requested resource")
            if kind:
                items = [json.loads(one) for one in etcd.all(key)]
                return self.answer(200, json.dumps({"kind": kind, "apiVersion": "v1", "items": items}))
            found = etcd.get(key)
            if found is None:
                *_, what, name = path.split("/")
                return self.failure(404, "NotFound", f'{what} "{name}" not found')
            return self.answer(200, found)

        def do_PUT(self):
            key, kind = place(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if key is None or kind:
                return self.failure(404, "NotFound", "the server could not find the requested resource")
            try:
                etcd.put(key, json.dumps(json.loads(body)))
            except OSError as error:
                return self.failure(500, "InternalError", str(error))
            return self.answer(200, body)

        def log_message(self, *_):
            pass

    return Api


def serve(version, path):
    config = lab_config.master(version, path)
    etcd = Etcd(config, path)
    try:
        etcd.get("/kubernetes.io/namespaces/default")
    except OSError as error:
        raise lab_config.Refused(f"F start_master.go: {error}") from None
    host, port = config["servingInfo"]["bindAddress"].rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), handler(version, etcd))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab_config.under(path, config["servingInfo"]["certFile"]),
                            lab_config.under(path, config["servingInfo"]["keyFile"]))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    print(f"Started OpenShift API server v{version}", flush=True)
    lab_config.notify()
    server.serve_forever()
    return 0
