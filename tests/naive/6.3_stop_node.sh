# 6.3 Shutting down the cluster, on all masters and nodes.
systemctl stop atomic-openshift-node
