"""Configuration files, and what a version refuses in them."""
import json
import os
import socket

import yaml


class Refused(Exception):
    """A configuration this version will not start with."""


def option(words, name):
    for word in words:
        if word.startswith(name + "="):
            return word[len(name) + 1:]
    raise Refused(f"Error: {name} is required")


def minor(version):
    return int(version.split(".")[1])


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file) or {}
    except FileNotFoundError:
        raise Refused(f"Error: could not load config file \"{path}\": no such file or directory") from None
    except yaml.YAMLError as error:
        raise Refused(f"Error: could not load config file \"{path}\": {error}") from None


def master(version, path):
    """The master's configuration, checked as this version checks it."""
    config = load(path)
    wrong = []
    if minor(version) < 9:
        asset = config.get("assetConfig")
        if not asset:
            wrong.append("assetConfig: Required value")
        for script in (asset or {}).get("extensionScripts") or []:
            if not os.path.exists(script):
                wrong.append(f'assetConfig.extensionScripts: Invalid value: "{script}": could not read file: '
                             f"stat {script}: no such file or directory")
    elif "assetConfig" in config:
        pass  # 3.9 ignores it with a warning
    backend = config.get("kubernetesMasterConfig", {}).get("apiServerArguments", {}).get("storage-backend")
    if backend != ["etcd3"]:
        wrong.append("kubernetesMasterConfig.apiServerArguments.storage-backend: must be etcd3")
    for key in ("ca", "certFile", "keyFile"):
        file = config.get("etcdClientInfo", {}).get(key, "")
        if not os.path.exists(under(path, file)):
            wrong.append(f"etcdClientInfo.{key}: Invalid value: \"{file}\": could not read file")
    if wrong:
        raise Refused("Invalid MasterConfig " + path + "\n  " + "\n  ".join(wrong))
    return config


def under(config_path, file):
    return os.path.join(os.path.dirname(config_path), file)


def scheduler(version, config, path):
    """Refuse a scheduler policy with a predicate this version does not know."""
    args = config.get("kubernetesMasterConfig", {})
    file = under(path, args.get("schedulerConfigFile", "/etc/origin/master/scheduler.json"))
    try:
        with open(file, encoding="utf-8") as text:
            policy = json.load(text)
    except (OSError, ValueError) as error:
        raise Refused(f"F scheduler: {file}: {error}") from None
    unknown = {"CheckVolumeBinding"} if minor(version) < 9 else {"NoVolumeNodeConflict"}
    for predicate in policy.get("predicates", []):
        if predicate["name"] in unknown:
            raise Refused("Invalid configuration: Predicate type not found for " + predicate["name"])


def notify():
    """Tell systemd that the service is up."""
    where = os.environ.get("NOTIFY_SOCKET")
    if where:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"READY=1", where.replace("@", "\0", 1) if where[0] == "@" else where)
