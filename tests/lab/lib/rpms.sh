# shellcheck shell=bash
# Build the packages and put them into repositories named as Red Hat's.

OPENSHIFT_VERSIONS='3.7.23 3.8.37 3.9.14'
DOCKER_VERSIONS='1.12.6-71.git3e8e77d 1.13.1-58.git87f2fab'

rpms_make() {
    local top=$LAB_DIR/build/rpm repos=$LAB_DIR/repos.part version
    rm -rf "$top" "$repos"
    mkdir -p "$top" "$repos"
    note "building the packages"
    rpm_build "$repos/rhel-7-server-rpms" system.spec
    rpm_build "$repos/rhel-7-fast-datapath-rpms" openvswitch.spec
    for version in 3.2.22 3.3.11; do
        rpm_build "$repos/rhel-7-server-extras-rpms" etcd.spec --define "v $version"
    done
    for version in $DOCKER_VERSIONS; do
        rpm_build "$repos/rhel-7-server-extras-rpms" docker.spec \
            --define "v ${version%%-*}" --define "r ${version#*-}.el7"
    done
    for version in $OPENSHIFT_VERSIONS; do
        rpm_build "$repos/rhel-7-server-ose-${version%.*}-rpms" openshift.spec \
            --define "v $version" --define "docker_first $(first_excluded "$version")"
    done
    for version in "$repos"/*; do createrepo_c --quiet "$version"; done
    mkdir -p "$LAB_DIR/repos"
    find "$LAB_DIR/repos" -mindepth 1 -delete
    mv "$repos"/* "$LAB_DIR/repos/"
    rm -rf "$top" "$repos"
}

# The docker minor from which on the docker excluder of this release excludes.
first_excluded() {
    case $1 in
    3.7.* | 3.8.*) echo 13 ;;
    *) echo 14 ;;
    esac
}

rpm_build() {
    local repo=$1 spec=$2
    shift 2
    mkdir -p "$repo"
    rpmbuild -bb --quiet --define "_topdir $LAB_DIR/build/rpm" --define "_rpmdir $repo" \
        --define "_sourcedir $LAB_HOME/specs" --define '_buildshell /bin/bash' \
        --define '__os_install_post %{nil}' --define '_build_id_links none' \
        --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
        "$@" "$LAB_HOME/specs/$spec" >"$LAB_DIR/build/rpm.log" 2>&1 ||
        { tail -n 30 "$LAB_DIR/build/rpm.log" >&2; die "rpmbuild $spec $*"; }
}

# /etc/yum.repos.d/redhat.repo with the 3.7 repository on, as before an upgrade.
repo_file() {
    local id
    for id in rhel-7-server-rpms rhel-7-server-extras-rpms rhel-7-fast-datapath-rpms \
        rhel-7-server-ose-3.7-rpms rhel-7-server-ose-3.8-rpms rhel-7-server-ose-3.9-rpms; do
        printf '[%s]\nname = %s\nbaseurl = file:///srv/repos/%s\nenabled = %s\ngpgcheck = 0\nmetadata_expire = 86400\n\n' \
            "$id" "$id" "$id" "$(case $id in *3.8* | *3.9*) echo 0 ;; *) echo 1 ;; esac)"
    done
}
