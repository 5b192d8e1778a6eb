# 6.4 Removing the RPMs, step 2: "If you are using external etcd, also remove the etcd package".
yum remove etcd
