"""The v3 API of etcd through its JSON gateway, with the master's client certificate."""
import base64
import json
import ssl
import urllib.request

from lab_config import under


class Etcd:
    def __init__(self, config, path):
        info = config["etcdClientInfo"]
        self.urls = info["urls"]
        self.context = ssl.create_default_context(cafile=under(path, info["ca"]))
        self.context.load_cert_chain(under(path, info["certFile"]), under(path, info["keyFile"]))

    def call(self, what, body):
        problem = None
        for url in list(self.urls):
            request = urllib.request.Request(f"{url}/v3/kv/{what}", json.dumps(body).encode())
            try:
                with urllib.request.urlopen(request, timeout=3, context=self.context) as answer:
                    return json.load(answer)
            except OSError as error:
                problem = error
                self.urls.remove(url)
                self.urls.append(url)
        raise OSError(f"etcd cluster is unavailable or misconfigured: {problem}")

    def get(self, key):
        found = self.call("range", {"key": encode(key)}).get("kvs")
        return base64.b64decode(found[0]["value"]).decode() if found else None

    def all(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        found = self.call("range", {"key": encode(prefix), "range_end": encode(end)}).get("kvs", [])
        return [base64.b64decode(one["value"]).decode() for one in found]

    def put(self, key, value):
        self.call("put", {"key": encode(key), "value": encode(value)})


def encode(text):
    return base64.b64encode(text.encode()).decode()
