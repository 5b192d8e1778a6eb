# shellcheck shell=bash
# The files of a cluster at 3.7 that an installer writes, host by host, into a staging directory.

# seed TOPOLOGY STAGE: STAGE/HOST is laid over the root of each host; STAGE/HOST.after over that
# after the packages are there.
seed() {
    local topology=$1 stage=$2 host
    rm -rf "$stage"
    mkdir -p "$stage"
    pki_ca "$stage/etcd-ca" etcd-signer
    pki_ca "$stage/origin-ca" openshift-signer
    for host in $(hosts_of "$topology"); do
        seed_host "$topology" "$stage" "$host"
        ! in_group "$topology" etcd "$host" || seed_etcd "$topology" "$stage" "$host"
        ! in_group "$topology" masters "$host" || seed_master "$topology" "$stage" "$host"
        ! in_group "$topology" nodes "$host" || seed_node "$topology" "$stage" "$host"
    done
}

seed_host() {
    local topology=$1 root=$2/$3
    mkdir -p "$root"/etc/{ssh,yum.repos.d}
    ssh-keygen -qt ed25519 -N '' -C "$3" -f "$root/etc/ssh/ssh_host_ed25519_key"
    hosts_file "$topology" >"$root/etc/hosts"
    repo_file >"$root/etc/yum.repos.d/redhat.repo"
}

seed_etcd() {
    local topology=$1 stage=$2 host=$3 address san member list=
    local root=$stage/$host.after/etc/etcd
    address=$(address_of "$topology" "$host")
    san=DNS:$host.$DOMAIN,DNS:$host,IP:$address
    mkdir -p "$root"
    cp "$stage/etcd-ca/ca.crt" "$root/ca.crt"
    pki_cert "$stage/etcd-ca" "$root/server" "$host.$DOMAIN" "$san"
    pki_cert "$stage/etcd-ca" "$root/peer" "$host.$DOMAIN" "$san"
    if [ "$host" = "$(members_of "$topology" etcd | head -n 1)" ]; then
        cp -r "$stage/etcd-ca" "$root/ca"
    fi
    for member in $(members_of "$topology" etcd); do
        list+=,$member.$DOMAIN=https://$(address_of "$topology" "$member"):2380
    done
    cat >"$root/etcd.conf" <<CONF
ETCD_NAME=$host.$DOMAIN
ETCD_LISTEN_PEER_URLS=https://$address:2380
ETCD_DATA_DIR=/var/lib/etcd/
#ETCD_WAL_DIR=""
#ETCD_SNAPSHOT_COUNT=10000
ETCD_HEARTBEAT_INTERVAL=500
ETCD_ELECTION_TIMEOUT=2500
ETCD_LISTEN_CLIENT_URLS=https://$address:2379
ETCD_ENABLE_V2=true
#[cluster]
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://$address:2380
ETCD_INITIAL_CLUSTER=${list#,}
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-1
ETCD_ADVERTISE_CLIENT_URLS=https://$address:2379
ETCD_QUOTA_BACKEND_BYTES=4294967296
#[security]
ETCD_TRUSTED_CA_FILE=/etc/etcd/ca.crt
ETCD_CLIENT_CERT_AUTH=true
ETCD_CERT_FILE=/etc/etcd/server.crt
ETCD_KEY_FILE=/etc/etcd/server.key
ETCD_PEER_TRUSTED_CA_FILE=/etc/etcd/ca.crt
ETCD_PEER_CLIENT_CERT_AUTH=true
ETCD_PEER_CERT_FILE=/etc/etcd/peer.crt
ETCD_PEER_KEY_FILE=/etc/etcd/peer.key
ETCD_DEBUG=False
CONF
}

kubeconfig() {
    printf 'apiVersion: v1\nkind: Config\nclusters:\n- name: lab\n  cluster:\n    certificate-authority: %s\n    server: https://%s:8443\n' "$1" "$2"
    printf 'contexts:\n- name: default\n  context:\n    cluster: lab\n    user: admin\ncurrent-context: default\nusers:\n- name: admin\n  user: {}\n'
}

seed_master() {
    local topology=$1 stage=$2 host=$3 address member name
    local root=$stage/$host.after
    local dir=$root/etc/origin/master
    address=$(address_of "$topology" "$host")
    mkdir -p "$dir" "$root"/{etc/sysconfig,usr/lib/systemd/system,root/.kube,etc/systemd/system}
    cp "$stage/origin-ca/ca.crt" "$dir/ca.crt"
    cp "$stage/origin-ca/ca.crt" "$dir/ca-bundle.crt"
    cp "$stage/origin-ca/ca.key" "$dir/ca.key"
    cp "$stage/etcd-ca/ca.crt" "$dir/master.etcd-ca.crt"
    pki_cert "$stage/etcd-ca" "$dir/master.etcd-client" "$host.$DOMAIN" "DNS:$host.$DOMAIN"
    pki_cert "$stage/origin-ca" "$dir/master.server" "$host.$DOMAIN" \
        "DNS:$host.$DOMAIN,DNS:$host,DNS:$API_NAME,DNS:localhost,IP:$address,IP:127.0.0.1"
    kubeconfig ca.crt "$host.$DOMAIN" >"$dir/admin.kubeconfig"
    kubeconfig /etc/origin/master/ca.crt "$host.$DOMAIN" >"$root/root/.kube/config"
    echo 'window.OPENSHIFT_CONSTANTS.TEMPLATE_SERVICE_BROKER_ENABLED=true' >"$dir/openshift-ansible-catalog-console.js"
    master_config "$topology" >"$dir/master-config.yaml"
    scheduler_json >"$dir/scheduler.json"
    for name in api controllers; do
        cat >"$root/etc/sysconfig/atomic-openshift-master-$name" <<CONF
OPTIONS=--loglevel=2 --listen=https://0.0.0.0:$([ "$name" = api ] && echo 8443 || echo 8444)
CONFIG_FILE=/etc/origin/master/master-config.yaml

# Proxy configuration
# See https://docs.openshift.com/container-platform/3.7/install_config/http_proxies.html
NO_PROXY=.cluster.local,.svc,.$DOMAIN
CONF
        cat >"$root/usr/lib/systemd/system/atomic-openshift-master-$name.service" <<UNIT
[Unit]
Description=Atomic OpenShift Master $name
After=network-online.target etcd.service
Wants=network-online.target

[Service]
Type=notify
EnvironmentFile=/etc/sysconfig/atomic-openshift-master-$name
Environment=GOTRACEBACK=crash
ExecStart=/usr/bin/openshift start master $name --config=\${CONFIG_FILE} \$OPTIONS
LimitNOFILE=131072
WorkingDirectory=/var/lib/origin
SyslogIdentifier=atomic-openshift-master-$name
Restart=always
RestartSec=5s

[Install]
WantedBy=multi-user.target
$([ "$name" = api ] && echo WantedBy=atomic-openshift-node.service)
UNIT
    done
    ln -s /dev/null "$root/etc/systemd/system/atomic-openshift-master.service"
    mkdir -p "$root/var/lib/origin"
}

master_config() {
    local topology=$1 member
    cat <<YAML
admissionConfig:
  pluginConfig:
    BuildDefaults:
      configuration:
        apiVersion: v1
        env: []
        kind: BuildDefaultsConfig
apiVersion: v1
assetConfig:
  extensionScripts:
  - /etc/origin/master/openshift-ansible-catalog-console.js
  logoutURL: ""
  masterPublicURL: https://$API_NAME:8443
  publicURL: https://$API_NAME:8443/console/
  servingInfo:
    bindAddress: 0.0.0.0:8443
    bindNetwork: tcp4
    certFile: master.server.crt
    clientCA: ""
    keyFile: master.server.key
    maxRequestsInFlight: 0
    requestTimeoutSeconds: 0
etcdClientInfo:
  ca: master.etcd-ca.crt
  certFile: master.etcd-client.crt
  keyFile: master.etcd-client.key
  urls:
YAML
    for member in $(members_of "$topology" etcd); do printf '  - https://%s.%s:2379\n' "$member" "$DOMAIN"; done
    cat <<YAML
imageConfig:
  format: registry.access.redhat.com/openshift3/ose-\${component}:\${version}
  latest: false
kind: MasterConfig
kubernetesMasterConfig:
  apiServerArguments:
    storage-backend:
    - etcd3
    storage-media-type:
    - application/vnd.kubernetes.protobuf
  masterCount: $(members_of "$topology" masters | wc -l)
  schedulerConfigFile: /etc/origin/master/scheduler.json
masterClients:
  openshiftLoopbackKubeConfig: admin.kubeconfig
masterPublicURL: https://$API_NAME:8443
projectConfig:
  defaultNodeSelector: "region=primary"
  projectRequestMessage: ""
servingInfo:
  bindAddress: 0.0.0.0:8443
  bindNetwork: tcp4
  certFile: master.server.crt
  clientCA: ca.crt
  keyFile: master.server.key
  maxRequestsInFlight: 500
  requestTimeoutSeconds: 3600
YAML
}

scheduler_json() {
    cat <<'JSON'
{
    "apiVersion": "v1",
    "kind": "Policy",
    "predicates": [
        {"name": "NoVolumeZoneConflict"},
        {"name": "MaxEBSVolumeCount"},
        {"name": "MatchInterPodAffinity"},
        {"name": "NoVolumeNodeConflict"},
        {"name": "GeneralPredicates"},
        {"name": "PodToleratesNodeTaints"}
    ],
    "priorities": [
        {"name": "SelectorSpreadPriority", "weight": 1},
        {"name": "LeastRequestedPriority", "weight": 1}
    ]
}
JSON
}

seed_node() {
    local stage=$2 host=$3
    local root=$stage/$host.after
    local dir=$root/etc/origin/node
    mkdir -p "$dir" "$root"/{etc/sysconfig,etc/systemd/system}
    cp "$stage/origin-ca/ca.crt" "$dir/ca.crt"
    kubeconfig ca.crt "$API_NAME" >"$dir/system:node:$host.$DOMAIN.kubeconfig"
    cat >"$dir/node-config.yaml" <<YAML
allowDisabledDocker: false
apiVersion: v1
dnsDomain: cluster.local
dnsIP: $(address_of "$1" "$host")
imageConfig:
  format: registry.access.redhat.com/openshift3/ose-\${component}:\${version}
  latest: false
kind: NodeConfig
kubeletArguments:
  node-labels:
  - region=primary
masterKubeConfig: system:node:$host.$DOMAIN.kubeconfig
networkPluginName: redhat/openshift-ovs-subnet
nodeName: $host.$DOMAIN
volumeDirectory: /var/lib/origin/openshift.local.volumes
YAML
    cat >"$root/etc/sysconfig/atomic-openshift-node" <<CONF
OPTIONS=--loglevel=2
CONFIG_FILE=/etc/origin/node/node-config.yaml
HTTP_PROXY=http://proxy.$DOMAIN:3128
NO_PROXY=.cluster.local,.svc,.$DOMAIN
CONF
    cat >"$root/etc/sysconfig/docker-storage" <<'CONF'
DOCKER_STORAGE_OPTIONS="--storage-driver devicemapper --storage-opt dm.fs=xfs --storage-opt dm.thinpooldev=/dev/mapper/docker--vg-docker--pool --storage-opt dm.use_deferred_removal=true "
CONF
    cat >"$root/etc/systemd/system/atomic-openshift-node.service" <<'UNIT'
[Unit]
Description=OpenShift Node
After=docker.service openvswitch.service
Wants=docker.service

[Service]
Type=notify
EnvironmentFile=/etc/sysconfig/atomic-openshift-node
Environment=GOTRACEBACK=crash
ExecStart=/usr/bin/openshift start node --config=${CONFIG_FILE} $OPTIONS
LimitNOFILE=65536
WorkingDirectory=/var/lib/origin/
SyslogIdentifier=atomic-openshift-node
Restart=always
RestartSec=5s
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
UNIT
    mkdir -p "$root/var/lib/origin"
}
