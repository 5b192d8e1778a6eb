# 6.3 Shutting down the cluster, on the external etcd hosts.
systemctl stop etcd
