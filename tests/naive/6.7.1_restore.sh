# 6.7.1 Restoring etcd v2 and v3 data, step 3: "on all etcd hosts, including master hosts collocated with etcd".
cp -R /backup/etcd-xxx/* /var/lib/etcd/
mv /var/lib/etcd/db /var/lib/etcd/member/snap/db
chcon -R --reference /backup/etcd-xxx/* /var/lib/etcd/
chown -R etcd:etcd /var/lib/etcd/R
