# 6.3 Shutting down the cluster, on all masters.
systemctl stop atomic-openshift-master-api atomic-openshift-master-controllers
