# 6.5 Downgrading Docker, step 2: "Use yum swap (instead of yum downgrade) to install Docker 1.12.6".
yum swap docker-* docker-*1.12.6 -y
sed -i 's/--storage-opt dm.use_deferred_deletion=true//' /etc/sysconfig/docker-storage
systemctl restart docker
