# On a node: back to work at 3.9, excluders closed again.
set -euo pipefail
exec </dev/null
systemctl daemon-reload
systemctl restart openvswitch
systemctl start atomic-openshift-node
case " $ROLES " in *' masters '*) systemctl start atomic-openshift-master-api atomic-openshift-master-controllers ;; esac
atomic-openshift-excluder exclude
atomic-openshift-docker-excluder exclude
