# shellcheck shell=bash
# The lab's network: one namespace with a bridge, the controller's address is .1.

net_up() {
    grep -qw "$NETNS" <<<"$(ip netns list)" || ip netns add "$NETNS"
    in_net ip link show br0 >/dev/null 2>&1 || {
        in_net ip link set lo up
        in_net ip link add br0 type bridge
        in_net ip addr add "$SUBNET.1/24" dev br0
        in_net ip link set br0 up
    }
}

net_down() { grep -qw "$NETNS" <<<"$(ip netns list)" && ip netns del "$NETNS"; return 0; }

in_net() { nsenter --net="/run/netns/$NETNS" "$@"; }

hosts_file() {
    local host
    printf '127.0.0.1 localhost localhost.localdomain\n'
    for host in $(hosts_of "$1"); do
        printf '%s %s.%s %s\n' "$(address_of "$1" "$host")" "$host" "$DOMAIN" "$host"
    done
    for host in $(members_of "$1" masters); do
        printf '%s %s\n' "$(address_of "$1" "$host")" "$API_NAME"
    done
}

# A command of the controller: inside the lab's network, with the lab's names.
net_run() {
    # shellcheck disable=SC2016
    in_net unshare -m bash -c 'mount --make-rprivate / && mount --bind "$1" /etc/hosts && shift && exec "$@"' \
        lab-run "$LAB_DIR/run/hosts" "$@"
}
