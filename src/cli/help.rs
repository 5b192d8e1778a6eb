//! What ends the long help of each verb.

/// What ends `ocpdg --help`.
pub const AFTER: &str = "\
In this order:
  ocpdg inventory -i HOSTS                 is the inventory understood?
  ocpdg run -i HOSTS preflight             what stands in the way? changes nothing
  ocpdg run -i HOSTS downgrade_3_9_to_3_7  asks before each point of no return
  ocpdg resume                             after an error, Ctrl-C, a lost connection: goes on there
  ocpdg status                             from another terminal: where it is, what it waits for
  ocpdg log                                what was done
  ocpdg repl -i HOSTS                      one step by hand; `help` there says what there is

To change the procedure:
  ocpdg show SCRIPT                        its phases, steps, parameters; what a site may set
  ocpdg check SCRIPT                       its mistakes, without running it
  ocpdg rehearse -i HOSTS SCRIPT           what it would change; changes nothing

Ctrl-C:
  once   nothing new starts; a command that changes a host is let to its end
  twice  leaves at once; such a command may still run on its host

Exit status:
  0    done
  1    a step failed; the error says what to repair and how to resume
  2    the command line, the inventory or the script is wrong; nothing was changed
  3    stopped: the answer to a confirmation was no, or there was nobody to ask
  130  interrupted with Ctrl-C; the error says how to resume

Files:
  $XDG_STATE_HOME/ocpdg (~/.local/state/ocpdg)  one directory per cluster and run: the journal, and
                                                copies of what was evacuated from the hosts
  /var/lib/ocpdg/running, a link on the first   who changes the cluster at the moment;
  master                                        $OCPDG_MARKER names another place there";

/// What ends `ocpdg run --help`.
pub const AFTER_RUN: &str = "\
Shipped scripts:
  preflight             says what stands in the way, and which backups it would use; changes nothing
  downgrade_3_9_to_3_7  the whole procedure
  etcd_restore          restores etcd alone
  verify                only looks at the result; changes nothing
  site_example          to be copied: how a site sets its own values

Examples:
  ocpdg run -i /etc/ansible/hosts preflight
  ocpdg run -i /etc/ansible/hosts downgrade_3_9_to_3_7 --set openshift_version=3.7.23
  ocpdg run -i /etc/ansible/hosts downgrade_3_9_to_3_7 --without node-7.example.com";

/// What ends `ocpdg resume --help`.
pub const AFTER_RESUME: &str = "\
Steps that are finished are not done again, and keep what they found. A confirmation is asked again
only for hosts that its answer was not given for. What a dead host left open is done once it is back.

Examples:
  ocpdg resume                                  after the cause is repaired
  ocpdg resume --without node-7.example.com     go on, node-7 is dead
  ocpdg resume --set etcd_restore=v3            go on another way
  ocpdg resume --to 6.4                         go on, and stop after phase 6.4
  ocpdg resume --skip 'stop docker@node-7.example.com' --reason 'the host was reinstalled'
  ocpdg resume 20261123-090217                  a certain run of `ocpdg log --list`";

/// What ends `ocpdg log --help`.
pub const AFTER_LOG: &str = "\
Examples:
  ocpdg log -f --commands                 what goes on, from another terminal
  ocpdg log --failures                    what went wrong, with the end of what was printed
  ocpdg log --commands --host HOST        each command on one host: status, time, output
  ocpdg log --transcript HOST             what changed the host, as shell commands to finish by hand
  ocpdg log --list                        each run: how it ended, and whether it changed anything";

/// What ends `ocpdg status --help`.
pub const AFTER_STATUS: &str = "\
Shown are the phase, the steps at work with their hosts, the commands under way, what is waited for, what
was finished last, whether the process lives, and what to type next.

Exit status:
  0  the run is complete
  1  it failed, or its process died: resume it
  2  there is no such run
  3  it was stopped, or left hosts out: resume it
  4  it is at work";

/// What ends `ocpdg rehearse --help`.
pub const AFTER_REHEARSE: &str = "\
The hosts are looked at as by `ocpdg snapshot`, and nothing is changed on them. The script runs on
simulated ones that are like them: same files, packages, units, stand-ins for etcd's data. Every
confirmation is answered with yes, and shown. The exit status is that of the script.

Examples:
  ocpdg rehearse -i /etc/ansible/hosts downgrade_3_9_to_3_7
  ocpdg rehearse --sim cluster.toml downgrade_3_9_to_3_7 --set etcd_restore=v2";

/// What ends `ocpdg repl --help`.
pub const AFTER_REPL: &str = "\
A line is code, as in a script; what it declares stays. Or it begins with a sign:
  @masters, + HOST, - HOST   the hosts to work on; in code they are `target`
  !COMMAND                   a shell command on them; the same output is shown once
  :COMMAND                   :load FILE, :step N, :hosts, :log, :time, :resume, :quit
  help, help NAME            what can be typed

The library is there without `import`: `etcd::`, `backup::`, `packages::`. No host is asked before a line
asks it. The session is a run with a journal of its own; `ocpdg resume` leaves it alone. Lines that are
piped to it are done one after the other, until the first error.

Examples:
  ocpdg repl -i /etc/ansible/hosts
  ocpdg repl --sim ha                     on a simulated cluster, which lives as long as the session
  echo 'cluster::etcd.etcd.health()' | ocpdg repl --sim ha";

/// What ends `ocpdg snapshot --help`.
pub const AFTER_SNAPSHOT: &str = "\
Nothing is changed on the hosts. The file holds no keys, passwords, tokens or values of etcd: of keys
there is a fingerprint, of certificates whose they are and until when, of etcd the names of namespaces,
nodes, pods and deployment configs. Read it before it leaves the house all the same.

Examples:
  ocpdg snapshot -i /etc/ansible/hosts -o cluster.toml
  ocpdg run --sim cluster.toml downgrade_3_9_to_3_7 --yes    the whole procedure, on hosts like these";

/// What ends `ocpdg clean --help`.
pub const AFTER_CLEAN: &str = "\
A command that changes a host keeps a record below /var/lib/ocpdg/operations there until its run has
seen its end. A run that was killed and never resumed leaves some behind. They are listed first; what
still runs is left alone, and what another controller's run left. The copies of files and of etcd's
data that a run made are not touched.";
