# On a node: docker 1.13.1 in place of 1.12.6, node stopped meanwhile.
set -euo pipefail
exec </dev/null
systemctl stop atomic-openshift-node
yum -y install docker-1.13.1 docker-client-1.13.1 docker-common-1.13.1
sed -i 's/ "$/ --storage-opt dm.use_deferred_deletion=true "/' /etc/sysconfig/docker-storage
systemctl daemon-reload
systemctl restart docker
