# On a member: objects and plain keys; WHEN is before or after, VERSION the images', NODES the names.
set -euo pipefail
exec </dev/null
name=$(hostname)
v2() { ETCDCTL_API=2 etcdctl --cert-file /etc/etcd/peer.crt --key-file /etc/etcd/peer.key --ca-file /etc/etcd/ca.crt -C "https://$name:2379" "$@" >/dev/null; }
put() { ETCDCTL_API=3 etcdctl --cert /etc/etcd/peer.crt --key /etc/etcd/peer.key --cacert /etc/etcd/ca.crt --endpoints "https://$name:2379" put "$1" "$2" >/dev/null; }

space() { put "/kubernetes.io/namespaces/$1" "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"$1\"}}"; }
image() { echo "registry.access.redhat.com/openshift3/ose-$1:v$VERSION"; }
dc() {
    put "/openshift.io/deploymentconfigs/default/$1" "{\"kind\":\"DeploymentConfig\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"$1\",\"namespace\":\"default\"},\"spec\":{\"replicas\":1,\"template\":{\"spec\":{\"containers\":[{\"name\":\"$1\",\"image\":\"$(image "$2")\"}]}}}}"
}
pod() {
    put "/kubernetes.io/pods/default/$1" "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"$1\",\"namespace\":\"default\"},\"spec\":{\"nodeName\":\"$3\",\"containers\":[{\"name\":\"c\",\"image\":\"$(image "$2")\"}]},\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"ready\":true}]}}"
}

if [ "$WHEN" = before ]; then
    for one in default kube-system openshift openshift-infra logging; do space "$one"; done
else
    space openshift-web-console
fi
# shellcheck disable=SC2153 # given by the caller
read -r -a nodes <<<"$NODES"
last=${nodes[-1]}
dc docker-registry docker-registry
dc router haproxy-router
pod docker-registry-1-x7k2p docker-registry "$last"
pod router-1-9qv4m haproxy-router "$last"
for one in $NODES; do pod "agent-${one%%.*}" deployer "$one"; done
for ((i = 1; i <= 10; i++)); do
    put "/kubernetes.io/configmaps/default/$WHEN-$i" "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"$WHEN-$i\"}}"
done
for ((i = 1; i <= 3; i++)); do v2 set "/$WHEN/key-$i" "$WHEN-$i"; done
