# On a host: the files are there, start what ROLES has.
set -euo pipefail
exec </dev/null
case $STAGE in etcd)
    chown -R etcd:etcd /etc/etcd /var/lib/etcd
    chmod 0700 /etc/etcd
    find /etc/etcd -type f -exec chmod 0600 {} +
    ;;
esac
systemctl daemon-reload
case $STAGE in
etcd) systemctl enable --now etcd ;;
api) systemctl enable --now atomic-openshift-master-api atomic-openshift-master-controllers ;;
node)
    systemctl enable --now docker openvswitch
    # One that finds something not ready yet is started again by systemd, as anywhere; all are waited for.
    systemctl enable --now atomic-openshift-node || journalctl -u atomic-openshift-node -n 20 --no-pager
    ;;
esac
