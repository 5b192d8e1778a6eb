"""The node: needs docker and Open vSwitch, runs its pods' containers, reports to the API."""
import json
import os
import subprocess
import time

import lab_config
from lab_client import ApiError, Client

BEAT_SECS = 3
KUBELET = {"3.7": "v1.7.6+a08f5eeb62", "3.8": "v1.8.5+440f8d36da", "3.9": "v1.9.1+a0ce1bc657"}


def kubelet(version):
    return KUBELET[".".join(version.split(".")[:2])]


def said(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def check(version):
    if said("systemctl", "is-active", "openvswitch") != "active":
        raise lab_config.Refused("F sdn_node: error on port br0: ovs-vsctl: database connection failed")
    docker = said("docker", "version", "--format", "{{.Server.Version}}")
    if not docker:
        raise lab_config.Refused("F failed to run Kubelet: cannot connect to the Docker daemon")
    if lab_config.minor(version) >= 9 and docker.startswith("1.12"):
        raise lab_config.Refused(f"F failed to run Kubelet: docker {docker} is too old")
    if lab_config.minor(version) == 7 and not docker.startswith("1.12"):
        raise lab_config.Refused(f"F failed to run Kubelet: docker {docker} is not supported by this release")
    return docker


def beat(client, name, version, docker):
    path = f"/api/v1/nodes/{name}"
    try:
        node = client.get(path)
    except ApiError as error:
        if error.status != 404:
            raise
        node = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "labels": {}}, "spec": {}}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    node["metadata"].setdefault("creationTimestamp", now)
    node["status"] = {
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now,
                        "lastHeartbeatEpoch": int(time.time())}],
        "nodeInfo": {"kubeletVersion": kubelet(version), "kubeProxyVersion": kubelet(version),
                     "containerRuntimeVersion": f"docker://{docker}", "osImage": "OpenShift Enterprise"},
    }
    client.put(path, node)


def containers(client, name, version):
    """Containers for the pods of this node, so that there is something for docker to hold."""
    for pod in client.get("/api/v1/pods")["items"]:
        if pod["spec"].get("nodeName") == name:
            pause = f"registry.access.redhat.com/openshift3/ose-pod:v{version}"
            ident = pod["metadata"]["name"]
            image = pod["spec"]["containers"][0]["image"]
            said("docker", "lab-add", f"k8s_POD_{ident}_0", pause)
            said("docker", "lab-add", f"k8s_{ident}_0", f"{image},localhost/{image}")
            os.makedirs("/var/lib/dockershim/sandbox", exist_ok=True)
            os.makedirs("/var/lib/cni/networks/openshift-sdn", exist_ok=True)
            for record in (f"/var/lib/dockershim/sandbox/{ident}", f"/var/lib/cni/networks/openshift-sdn/{ident}"):
                with open(record, "w", encoding="utf-8") as file:
                    json.dump({"version": "v1", "pod": ident}, file)


def serve(version, path):
    config = lab_config.load(path)
    docker = check(version)
    client = Client(lab_config.under(path, config["masterKubeConfig"]))
    name = config["nodeName"]
    try:
        beat(client, name, version, docker)
    except (OSError, ApiError) as error:
        print(f"E unable to register node {name} with API server: {error}", flush=True)
    print(f"Started OpenShift node v{version}", flush=True)
    lab_config.notify()
    while True:
        time.sleep(BEAT_SECS)
        check(version)
        try:
            beat(client, name, version, docker)
            containers(client, name, version)
        except (OSError, ApiError) as error:
            print(f"E error updating node status: {error}", flush=True)
