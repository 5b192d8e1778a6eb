# shellcheck shell=bash
# Which hosts a topology has, and in which groups they are.

hosts_of() {
    case $1 in
    aio) echo master-1 ;;
    ha) echo master-1 master-2 master-3 node-1 node-2 ;;
    external) echo master-1 etcd-1 etcd-2 etcd-3 node-1 node-2 ;;
    *) die "topology $1: aio, ha or external" ;;
    esac
}

# members_of TOPOLOGY GROUP: masters, etcd or nodes.
members_of() {
    local host
    for host in $(hosts_of "$1"); do
        case $2:$1:$host in
        masters:*:master-* | nodes:*:master-* | nodes:*:node-*) echo "$host" ;;
        etcd:external:etcd-* | etcd:aio:master-* | etcd:ha:master-*) echo "$host" ;;
        esac
    done
}

# Not by a pipe: grep ends at what it finds, and whoever writes on into a pipe that nobody reads has failed.
in_group() { grep -qx "$3" <<<"$(members_of "$1" "$2")"; }

address_of() {
    local host number=10
    for host in $(hosts_of "$1"); do
        number=$((number + 1))
        if [ "$host" = "$2" ]; then echo "$SUBNET.$number"; return; fi
    done
    die "no host $2 in $1"
}

inventory() {
    local topology=$1 group host line
    printf '[OSEv3:children]\nmasters\nnodes\netcd\n'
    for group in masters etcd nodes; do
        printf '\n[%s]\n' "$group"
        for host in $(members_of "$topology" "$group"); do
            line=$host.$DOMAIN
            if [ "$group" = nodes ]; then
                line+=" openshift_node_labels=\"{'region': 'primary', 'zone': 'default'}\""
                [ "$topology/$host" != ha/node-2 ] || line+=' ansible_user=ocp ansible_become=yes'
            fi
            printf '%s\n' "$line"
        done
    done
    cat <<INI

[OSEv3:vars]
ansible_user=root
ansible_ssh_private_key_file=$LAB_DIR/ssh/id_ed25519
ansible_ssh_common_args='-o UserKnownHostsFile=$LAB_DIR/run/known_hosts -o StrictHostKeyChecking=yes'
openshift_deployment_type=openshift-enterprise
openshift_release=v3.9
openshift_master_cluster_hostname=$API_NAME
INI
}
