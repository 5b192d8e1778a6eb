# 6.7.1 Restoring etcd v2 and v3 data, steps 6 and 8: "Check for health status".
etcdctl2 cluster-health
