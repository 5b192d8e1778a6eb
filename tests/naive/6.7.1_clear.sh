# 6.7.1 Restoring etcd v2 and v3 data, steps 1 and 2, the other way: "To delete the directory and the etcd data".
systemctl stop etcd.service
rm -Rf /var/lib/etcd/*
