# On a host: all OpenShift packages that are here to VERSION, with its repository on.
set -euo pipefail
exec </dev/null
for excluder in atomic-openshift-excluder atomic-openshift-docker-excluder; do "$excluder" unexclude; done
subscription-manager repos --disable='rhel-7-server-ose-*' --enable="rhel-7-server-ose-${VERSION%.*}-rpms"
yum clean all >/dev/null
mapfile -t names < <(rpm -qa --qf '%{NAME}\n' '*atomic-openshift*' | sort)
yum -y install "${names[@]/%/-$VERSION}"
