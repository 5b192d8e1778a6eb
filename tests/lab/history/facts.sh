# On a host at 3.7: what the end of a downgrade is compared with, as a tar on stdout.
set -euo pipefail
exec </dev/null
dir=$(mktemp -d)
cd "$dir"
printf '%s\n' "$ROLES" >roles
rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' | sort >packages
for unit in etcd docker openvswitch atomic-openshift-master atomic-openshift-master-api \
    atomic-openshift-master-controllers atomic-openshift-node; do
    printf '%s %s %s\n' "$unit" "$(systemctl is-enabled "$unit" 2>/dev/null || :)" "$(systemctl is-active "$unit" || :)"
done >units
for file in etc/etcd/etcd.conf etc/origin/master/master-config.yaml etc/origin/master/scheduler.json \
    etc/origin/master/ca.crt etc/origin/node/node-config.yaml etc/sysconfig/docker-storage etc/sysconfig/atomic-openshift-node \
    etc/sysconfig/atomic-openshift-master-api etc/sysconfig/atomic-openshift-master-controllers; do
    [ ! -e "/$file" ] || cp -p --parents "/$file" .
done
tar -cf - .
