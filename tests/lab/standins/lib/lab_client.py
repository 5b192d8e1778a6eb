"""A client of the API, from a kubeconfig."""
import json
import os
import ssl
import urllib.error
import urllib.request

import yaml


class ApiError(Exception):
    def __init__(self, status, reason, message):
        super().__init__(message)
        self.status, self.reason = status, reason


class Client:
    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            cluster = yaml.safe_load(file)["clusters"][0]["cluster"]
        self.server = cluster["server"]
        ca = os.path.join(os.path.dirname(kubeconfig), cluster["certificate-authority"])
        self.context = ssl.create_default_context(cafile=ca)

    def raw(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, method="GET" if data is None else "PUT")
        try:
            with urllib.request.urlopen(request, timeout=5, context=self.context) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            try:
                status = json.loads(text)
            except ValueError:
                status = {}
            raise ApiError(error.code, status.get("reason", ""), status.get("message", text)) from None

    def get(self, path):
        return json.loads(self.raw(path))

    def put(self, path, body):
        self.raw(path, body)
