# 6.2 Verifying backups: "Keep a copy of the .rpmsave backups of the following files". The second name has no `s`.
cp /etc/sysconfig/atomic-openshift-master-api.rpmsave /root/
cp /etc/sysconfig/atomic-openshift-master-controller.rpmsave /root/
cp /etc/etcd/etcd.conf.rpmsave /root/
