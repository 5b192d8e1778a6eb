# 6.6 Reinstalling the RPMs: "If you are using an external etcd cluster, install on each etcd member".
yum install etcd
