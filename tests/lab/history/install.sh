# On a host: the packages of 3.7, as an installer puts them there. ROLES says which.
set -euo pipefail
exec </dev/null
dnf -q -y install redhat-release-server
mkdir -p /etc/etcd
names=()
for role in $ROLES; do
    case $role in
    etcd) names+=(etcd-3.2.22) ;;
    masters) names+=(atomic-openshift-master-3.7.23 atomic-openshift-clients-3.7.23) ;;
    nodes)
        names+=(docker-1.12.6 docker-client-1.12.6 docker-common-1.12.6 openvswitch)
        for name in atomic-openshift atomic-openshift-node atomic-openshift-sdn-ovs \
            tuned-profiles-atomic-openshift-node atomic-openshift-excluder atomic-openshift-docker-excluder; do
            names+=("$name-3.7.23")
        done
        ;;
    esac
done
yum -y install "${names[@]}"
