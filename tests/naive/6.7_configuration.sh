# 6.7 Restoring etcd: "If an etcd host is corrupted and the /etc/etcd/etcd.conf file is lost, restore it".
cp /backup/yesterday/master-0-files/etcd.conf /etc/etcd/etcd.conf
restorecon -Rv /etc/etcd/etcd.conf
systemctl restart etcd.service
