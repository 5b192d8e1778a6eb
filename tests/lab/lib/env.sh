# shellcheck shell=bash disable=SC2034 # used by the other files
# Where the lab lives, and names of its own so that two labs never meet.

LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_DIR=${OCPDG_LAB_DIR:-/var/tmp/ocpdg-lab}
mkdir -p "$LAB_DIR"
LAB_DIR=$(cd "$LAB_DIR" && pwd)
LAB_ID=$(printf '%s' "$LAB_DIR" | sha256sum | cut -c1-4)
NETNS=ocpdg-$LAB_ID
SUBNET=10.39.7
DOMAIN=lab.test
API_NAME=openshift.$DOMAIN

die() { printf 'lab: %s\n' "$*" >&2; exit 1; }
note() { printf 'lab: %s\n' "$*" >&2; }

# Hash of the given files below the lab's directory: the key of what is made from them.
key_of() {
    (cd "$LAB_HOME" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
}
