//! The simulated shell does what the real ones do: the same texts, run by bash and by dash on this
//! machine and by the simulation, in the same directory, print the same.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::files::{Actor, Node};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Effect, Exit, Transport};

/// Files that are in the directory when a text begins.
const FILES: &[(&str, &str)] = &[
    (".hidden", "hidden\n"),
    ("a.txt", "one\ntwo\nthree\n"),
    ("b.txt", "a:b:c\n1:2:3\n"),
    ("c d.log", "spaces\n"),
    ("empty", ""),
    ("lib.sh", "greet() { echo \"hello $1\"; }\nfrom_lib=yes\n"),
    ("sub/x.txt", "x\n"),
    ("sub/y.log", "y\n"),
];

/// What a shell made of a text.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u8,
    stdout: String,
    stderr: String,
}

/// Without what tells the shells apart: their names, and how they count lines.
fn plain(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let mut line = line;
        for name in ["bash: ", "sh: ", "environment: ", "-c: "] {
            line = line.strip_prefix(name).unwrap_or(line);
        }
        if let Some(rest) = line.strip_prefix("line ")
            && let Some((number, rest)) = rest.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            line = rest;
        }
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// Texts that mean the same to every shell.
const PORTABLE: &[&str] = &[
    "echo hello world",
    r#"echo a   b "c   d" 'e   f' g\ h"#,
    r#"echo; echo ""; echo "" x"#,
    r#"x=1; echo $x ${x} "$x" '$x' \$x"#,
    r#"x="a b"; echo $x; echo "$x"; printf '<%s>' $x; echo"#,
    r#"x="  a   b  "; printf '<%s>' $x; echo; printf '<%s>' "$x"; echo"#,
    "x=a:b::c; IFS=:; printf '<%s>' $x; echo",
    "IFS=' :'; x=' a : b ::c'; printf '<%s>' $x; echo",
    "IFS=; x='a b'; printf '<%s>' $x; echo",
    "unset IFS; x='a b'; printf '<%s>' $x; echo",
    r#"x=; printf '<%s>' $x "$x" a$x; echo"#,
    r#"set -- a 'b c' ''; printf '<%s>' "$@"; echo; printf '<%s>' $@; echo; printf '<%s>' "$*"; echo; echo $#"#,
    r#"set -- a b; IFS=-; echo "$*"; printf '<%s>' x"$@"y; echo"#,
    r#"set --; printf '<%s>' "$@"; echo; printf '<%s>' "$*"; echo; echo $#"#,
    r#"set -- 1 2 3 4 5 6 7 8 9 10 11; echo $1 ${10} ${11} $10; shift 2; echo $1 $#; shift; echo "$@""#,
    r#"echo ${u:-default} ${u-default} "${u:-a b}"; e=; echo "${e:-x}" "${e-x}" "${e:+x}" "${e+x}""#,
    "echo ${u:=set} $u; e=; echo ${e=no}x ${e:=yes} $e",
    r#"printf '<%s>' ${u:-a b} "${u:-a b}" ${u:-"a b"} ${u:-'a  b'}; echo"#,
    "x=path/to/file.tar.gz; echo ${x#*/} ${x##*/} ${x%.*} ${x%%.*} ${x%/*} ${x#nothing}",
    r#"x='a*b'; echo "${x#a\*}" "${x%'*b'}" "${x#*b}""#,
    "x=hello; echo ${#x} ${#u}; set -- a b c; echo ${#}",
    r#"echo $(echo a; echo b) "$(echo a; echo b)""#,
    r#"x=$(printf 'a\n\n\n'); echo "<$x>""#,
    r#"echo `echo a` "`echo \"b c\"`" `echo \`echo d\``"#,
    "x=$(exit 3); echo $?; x=$(false) y=1; echo $? $y",
    "echo $(( 1 + 2 * 3 )) $((10/3)) $((10%3)) $((-7/2)) $(( (1+2)*3 ))",
    "x=5; echo $((x*2)) $(($x+1)) $((x==5)) $((x>5||x<6)) $((!x)) $((x?1:2)) $((~x))",
    "x=1; echo $((x+=2)) $x $((x<<3)) $((0x1f)) $((010)) $((y)) $((x=x*4)) $x",
    "echo $((1 << 2 | 1)) $((5 & 3)) $((5 ^ 3)) $((7 >> 1))",
    r#"echo *.txt; echo "*.txt" '*'.txt; echo nothing*; echo */x*; echo [ab].txt; echo [!a].txt; echo ?.txt"#,
    "echo *; echo sub/*; echo ./*.txt",
    "set -f; echo *.txt; set +f; echo *.txt",
    r#"x='*.txt'; echo $x; echo "$x""#,
    r#"echo c*; for f in *.log; do echo "<$f>"; done"#,
    r#"echo ~ ~/x "~" x~; x=~/y; echo $x; x=a:~/b; echo $x"#,
    "true && echo yes || echo no; false && echo yes || echo no; false || true && echo both",
    "! true; echo $?; ! false; echo $?; if ! false; then echo not; fi",
    "if true; then echo a; elif true; then echo b; else echo c; fi",
    "if false; then echo a; elif true; then echo b; else echo c; fi; if false; then echo a; fi; echo $?",
    r#"for i in 1 2 3; do echo $i; done; for i in; do echo never; done; echo "<$i>""#,
    r#"set -- a b; for x; do echo $x; done; for x in "$@"; do echo $x; done"#,
    "i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done",
    "i=3; until [ $i -eq 0 ]; do i=$((i-1)); echo $i; done",
    "for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done",
    "for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done",
    "for i in 1 2; do for j in a b; do break 2; done; done; echo $i$j",
    "while true; do while true; do break 2; done; echo never; done; echo out",
    "case abc in a) echo 1;; a*) echo 2;; *) echo 3;; esac",
    r#"case x in a|x) echo one;; esac; case "" in "") echo empty;; esac; case y in a) ;; esac; echo $?"#,
    r#"x='*'; case abc in "$x") echo quoted;; $x) echo pattern;; esac"#,
    "case a.b in *.*) echo dot;; esac; case '[' in '[') echo bracket;; esac",
    "case 5 in ''|*[!0-9]*) echo no;; *) echo number;; esac; case 5x in ''|*[!0-9]*) echo no;; *) echo number;; esac",
    r#"f() { echo "f $1 $#"; return 3; }; f a b; echo $?; f; echo "$#""#,
    r#"x=$(case a in a) echo one;; *) echo "(two)";; esac); echo $x; echo "<$(case b in a) echo 1;; (b) echo ")";; esac)>""#,
    "f() { x=inner; }; x=outer; f; echo $x; g() (x=sub); g; echo $x",
    "f() { echo one; f() { echo two; }; }; f; f",
    "f() { [ $1 -le 0 ] && return; echo $1; f $(($1-1)); }; f 3",
    r#"{ echo a; echo b; }; (echo c; exit 4); echo $?; (x=1); echo "<$x>""#,
    "(cd sub && pwd >/dev/null && echo *); echo a*",
    r#"echo a | while read l; do x=$l; done; echo "<$x>""#,
    r#"printf 'a b\nc d\n' | while read x y; do echo "$y $x"; done"#,
    "false | true; echo $?; true | false; echo $?",
    r#"echo hi > out; read x < out; echo $x; echo more >> out; while read l; do echo "[$l]"; done < out"#,
    "echo a > out; echo b > out; while read l; do echo $l; done < out",
    ": > new; [ -f new ] && echo made; [ -s new ] || echo empty",
    "{ echo out; echo err >&2; } 2>/dev/null; { echo out; echo err >&2; } 2>&1",
    "{ echo out; echo err >&2; } >both 2>&1; while read l; do echo $l; done <both",
    r#"{ echo out; echo err >&2; } 2>&1 >file; while read l; do echo "file $l"; done <file"#,
    "exec 3>three; echo x >&3; exec 3>&-; read l <three; echo $l",
    "exec 4<a.txt; read x <&4; read y <&4; echo $x $y; exec 4<&-",
    r#"exec 3>&1; x=$(echo captured; echo direct >&3); echo "<$x>""#,
    r#"while read a; do echo "$a"; done <<EOF
one $((1+1)) ${x:-two} `echo three`
  four "five" 'six' \$seven
EOF"#,
    r#"while read -r a; do echo "<$a>"; done <<-EOF
	tabs
		more
	EOF"#,
    r#"read x y <<EOF; echo "$y-$x"
a b c
EOF"#,
    r#"read a <<A; read b <<B
first
A
second
B
echo "$a $b""#,
    r#"IFS=: read a b c <<EOF
1:2:3:4
EOF
echo "$a|$b|$c""#,
    r#"read x <<EOF
  spaced   out  
EOF
echo "<$x>""#,
    r#"read x <<'EOF'
a\
b\c
EOF
echo "<$x>""#,
    r#"printf 'no newline' | { read x; echo "$? <$x>"; }"#,
    "read x </dev/null; echo $?",
    r"printf 'a\nb\nc\n' | { read x; read y; echo $x$y; while read z; do echo $z; done; }",
    r#"echo "one
two"; echo 'a
b'"#,
    "b",
    "echo a # comment",
    "# only a comment",
    r##"echo a#b '#c' "#d""##,
    r#"x=a; y=$x$x; z="$y"'$x'; echo $z; a=1 b=2; echo $a$b"#,
    r#"x=1 true; echo "<$x>"; x=1; x=2 true; echo $x"#,
    r#"export A=1; B=2; echo $A $B; export B; unset A; echo "<$A>$B""#,
    "x=1; unset x; echo ${x-unset}; f() { echo f; }; unset -f f; f 2>/dev/null; echo $?",
    "nosuchcommand; echo $?",
    "./nosuchfile; echo $?",
    "sub; echo $?; ./sub; echo $?; ./a.txt; echo $?",
    "set -e; echo a; false; echo b",
    "set -e; false || echo handled; if false; then :; fi; false && true; ! true; echo end; (exit 5); echo never",
    "set -e; f() { false; echo in; }; f || echo caught; f; echo never",
    "set -e; x=$(false); echo never",
    "set -e; false | true; echo still; true | false; echo never",
    "set -e; while false; do :; done; until true; do :; done; for i in; do :; done; echo ok; { false; echo never; }",
    r#"set -x; echo a; x=1; echo "b c" $x"#,
    "set -- -a -b; echo $1; set -- --; echo $1; set a b c; echo $*",
    "trap 'echo bye' EXIT; echo hi",
    "trap 'echo bye $?' EXIT; exit 3",
    "trap 'echo bye' 0; (echo sub); trap - 0; echo end",
    "trap 'exit 7' EXIT; exit 2",
    "trap 'echo got it' TERM; kill -TERM $$; echo after",
    "trap '' TERM; kill $$; echo survived",
    "kill -9 $$; echo never",
    "kill -15 $$",
    "(kill -9 $$; :); echo never",
    "echo $(kill -9 $$); echo never",
    r#"eval 'x=1; echo $x'; eval "echo \$x" and; eval; echo $?"#,
    "eval 'exit 3'; echo never",
    ". ./lib.sh; greet you; echo $from_lib",
    r#"[ a = a ] && [ a != b ] && [ -n x ] && [ -z "" ] && [ 1 -lt 2 ] && [ 2 -ge 2 ] && echo all"#,
    "[ -e a.txt -a -f a.txt ]; echo $?; [ -d sub ]; echo $?; [ ! -e nosuch ]; echo $?; test -s empty; echo $?",
    r#"[ "" ]; echo $?; [ ]; echo $?; [ -f ]; echo $?; [ ! ]; echo $?; [ = ]; echo $?"#,
    r"[ a = b -o c = c ]; echo $?; [ \( a = a \) ]; echo $?; [ ! a = b ]; echo $?",
    "[ a -eq 1 ]; echo $?; [ 1 -eq 1 ; echo $?; [ a b ]; echo $?; [ 1 2 3 ]; echo $?",
    "test -r a.txt -a -w a.txt; echo $?; test -x a.txt; echo $?; test -x sub; echo $?",
    r"printf '%s %d %5d|%-5s|%05d\n' a 1 2 b 3; printf '%s\n' a b c; printf '%s-%s\n' a b c",
    r"printf '%x %X %o %c %%\n' 255 255 8 hello; printf '%.2f %5.1f|%e\n' 3.14159 2.5 1234.5; printf '%.3s\n' abcdef",
    r"printf 'a\tb\nc\\d\101\n'; printf '%b\n' 'x\ty\n'; printf '%s'; printf '%d\n'; printf '\n%s\n' ''",
    r#"printf '%d\n' abc; echo $?; printf '%d %d\n' 0x10 010; printf "%d\n" "'A""#,
    r"printf '%*d|%-*d|\n' 5 1 5 2; printf '%+d % d\n' 1 2; printf '%i\n' -5; printf '%u\n' 7",
    "cd sub; echo *; cd ..; echo a*; cd - >/dev/null; echo *",
    "umask 027; umask; umask 22; umask",
    r#"while getopts :ab: o -a -x -b; do echo "$o:$OPTARG"; done; echo $OPTIND"#,
    r#"while getopts ab: o -abval -- x; do echo "$o:$OPTARG"; done; echo $OPTIND"#,
    "true & wait; echo $?; (exit 3) & wait $!; echo $?",
    "{ echo bg; } & wait; echo done",
    "x=1; { x=2; } & wait; echo $x",
    "wait 99999; echo $?",
    "exit 3; echo never",
    "(exit 300); echo $?",
    "if; )",
    r"echo ok; if
fi",
    r#"echo 'unterminated
echo a; ; echo b
for
f() { return 3; echo never; }; f; echo $?; f && echo yes || echo no
f() { local x=1; echo $x; }; x=0; f; echo $x
exec true; echo never
exec nosuch; echo never
x=abc; echo "${x}def" "$x"def $x'def'; echo "$xdef."; echo ${x}1
echo "a$(echo "b$(echo "c")")"
echo "$(echo "$(echo 'a  b')")"
echo a;echo b&&echo c;(echo d)
echo $((1+1))$(echo x)${u-y}
x="$(echo 'a"b')"; echo "$x""#,
    "echo {a} { a } ; echo }",
    "echo a{b c}d",
    r"if [ -f a.txt ]; then
  echo there
fi",
    r"for f in a b
do
  echo $f
done",
    r#"while read l
do
  echo "$l"
done < a.txt"#,
    r"x=1
case $x in",
    "  1)",
    "    echo one",
    "    ;;",
    "  *) echo other ;;",
    "esac",
    r"f()
{",
    "  echo multi",
    r"}
f",
    r"echo a &&
echo b ||
echo c",
    r#"echo a |
while read x; do echo "got $x"; done"#,
    r#"x='a
b'; echo $x; echo "$x""#,
    "echo -n a; echo b; echo -- x",
    "x=; [ $x = a ]; echo $?",
    r#"y="a b"; [ $y = a ]; echo $?"#,
    ": ${x:=1} ${y:=2}; echo $x$y",
    r#"f() { echo $0 >/dev/null; echo "$1"; }; f "a  b""#,
    "x=5; while [ $((x-=1)) -gt 0 ]; do echo $x; done",
    r#"set -- "a b" c; for i in "$@"; do set -- $i; echo $#; done"#,
    r#"echo "$@" "$#" x"#,
    r#"unset x; echo "${x#a}" "${x%b}"; echo "${x:-${y:-deep}}""#,
    r#"x=a.b.c; echo "${x%%.*}${x##*.}"; IFS=.; set -- $x; echo $2"#,
    "(echo a; false) && echo yes || echo no",
    "{ false; } || echo brace",
    "echo 1 2>/dev/null 3; echo 2>/dev/null x",
    ">touched; [ -e touched ] && echo yes",
    "x=old; x=new >file; echo $x",
    r#"echo 'a b' | { read x; echo "$x"; }"#,
    "exec 5>&1 1>/dev/null; echo hidden; exec 1>&5 5>&-; echo shown",
    "echo hello | cat",
    "kill -0 $$ && echo alive; kill -l 9; kill -l 143",
    "bash -c 'echo $0 $1 $#' name a b; bash -c 'exit 4'; echo $?",
    "echo 'echo from $0 $1' >s.sh; bash s.sh arg; bash ./s.sh; bash nosuch.sh; echo $?",
    r#"echo 'read x; echo "<$x>"
input line
echo end' | bash"#,
    r"printf '#!/bin/bash\necho script $# $1\nexit 6\n' >s; chmod +x s; ./s a b; echo $?",
    r#"A=1 bash -c 'echo $A'; A=2; bash -c 'echo "<$A>"'; export A; bash -c 'echo $A'"#,
    "bash -e -c 'false; echo never'; echo $?",
];

/// Texts that mean something else to dash.
const EITHER: &[&str] = &[
    r#"echo "a\\b" 'a\\b' "\$HOME" "\"" "it's""#,
    "echo ${u?}; echo after",
    "echo ${u:?is missing}; echo after",
    "(echo ${u:?gone}); echo $?",
    "x='1+1'; echo $((x)) $(($x*2))",
    "echo x >&7; echo $?",
    "echo x > /no/such/file; echo $?",
    "read x < /no/such/file; echo $?",
    "echo x > sub; echo $?",
    r#"while read -r a; do echo "$a"; done <<'EOF'
one $x `echo` \n
EOF"#,
    r#"IFS= read -r x <<EOF
  spaced \n out  
EOF
echo "<$x>""#,
    "readonly r=1; echo $r; (r=2) 2>/dev/null; echo $?",
    "set -u; echo ${x-ok}; echo $x; echo never",
    r#". ./nosuch; echo "status $?""#,
    "command -v echo; command -v nosuch; echo $?; command -v if; command echo hi",
    "type echo; type nosuch; echo $?",
    "cd /no/such; echo $?; cd sub; cd; pwd",
    r#"f() { while getopts ab:c o; do echo "$o ${OPTARG-none}"; done; shift $((OPTIND-1)); echo "rest $*"; }; f -a -b val -c x y"#,
];

/// Texts that mean something to bash only, and not if it is called `sh`.
const BASH: &[&str] = &[
    r#"echo ${x-[a]} $'a\tb\n\x41\101' $"loc""#,
    "x=hello; echo ${x:1:3} ${x:2} ${x: -2} ${x:0:-1} ${x:10}",
    "x=aXbXc; echo ${x/X/-} ${x//X/-} ${x/#a/1} ${x/%c/3} ${x//X} ${x/nothing/y}",
    "x=hello; echo ${x^} ${x^^}; y=WORLD; echo ${y,} ${y,,}",
    r#"set -- a b c d; echo ${@:2} ${@:2:2} "${@:1:1}" ${*:3}"#,
    r#"a=(one "two words" three); echo ${a[0]} "${a[1]}" ${#a[@]} ${a[@]}; printf '<%s>' "${a[@]}"; echo; printf '<%s>' "${a[*]}"; echo"#,
    "a=(); echo ${#a[@]}; a+=(x y); echo ${a[@]} ${#a[@]}; a[5]=z; echo ${!a[@]} ${a[-1]}; unset 'a[0]'; echo ${a[@]}",
    r#"a=(b.txt *.txt $(echo c d)); echo "${a[@]}"; for i in "${a[@]}"; do echo "<$i>"; done"#,
    r#"a=(1 2 3); a=("${a[@]}" 4); echo ${a[@]:1:2} ${#a[2]} "${a[@]/2/x}"; i=1; echo ${a[i]} ${a[$i+1]}"#,
    r#"mapfile -t lines < a.txt; echo ${#lines[@]} ${lines[1]}; mapfile x < a.txt; printf '%s' "${x[@]}""#,
    r#"read -r -a words <<< "a b  c"; echo ${#words[@]} ${words[2]}"#,
    r#"read -r x y <<< "one two three"; echo "$y""#,
    r#"cat <<< "here $((1+1)) string""#,
    "echo {a,b,c} x{1,2}y {1..5} {a..e} {5..1} {1..10..3} {a,b}{1,2} {a,{b,c}} {}, {a}",
    r#"[[ a == a && ! b == c ]]; echo $?; [[ abc == a* ]]; echo $?; [[ abc == "a*" ]]; echo $?; [[ -f a.txt || -d x ]]; echo $?"#,
    "[[ abc =~ ^a(.)c$ ]]; echo $? ${BASH_REMATCH[1]}; [[ abc =~ x ]]; echo $?; [[ 5 -gt 3 ]]; echo $?; [[ a < b ]]; echo $?",
    r#"x="a b"; [[ $x == "a b" ]] && echo same; [[ -z $u ]] && echo empty; [[ -n $x ]] && echo full; [[ $x ]] && echo true"#,
    r#"re='^[0-9]+$'; [[ 123 =~ $re ]]; echo $?; [[ 12a =~ $re ]]; echo $?; [[ a.b =~ a\.b ]]; echo $?; [[ axb =~ "a.b" ]]; echo $?"#,
    "((x=3, x>2)); echo $? $x; ((x-3)); echo $?; ((x++)); echo $x; (( x += 10 )); echo $x; ((++x)); echo $((x--)) $x $((2**10))",
    "for ((i=0; i<3; i++)); do echo $i; done; for ((;;)); do break; done; echo done",
    r#"let x=1+2; echo $x; let "x = x * 2"; echo $x"#,
    "set -o pipefail; false | true; echo $?; set +o pipefail; false | true; echo $?",
    "false | true | (exit 3); echo ${PIPESTATUS[@]}",
    "echo both &> f; echo err >&2 2>> f; cat f; { echo a; echo b >&2; } &>> f; cat f",
    "ls nosuch 2>&1 >/dev/null | wc -l; x=$(ls nosuch 2>&1); echo $?",
    "echo a |& cat; { echo x >&2; } |& cat",
    r#"cat <(echo one) <(echo two); while read x; do echo "<$x>"; done < <(printf '1\n2\n')"#,
    "set -C; echo a > n; echo b > n; echo $?; echo c >| n; cat n",
    "x=ref; ref=value; echo ${!x}; echo ${!re@}",
    r#"declare x=1; declare -a l; l+=(a); echo $x ${l[0]}; declare -r ro=1; echo $ro; f() { declare v=in; echo $v; }; f; echo "<$v>""#,
    r#"f() { local a=(1 2) b; b=3; echo ${a[1]}$b; }; f; echo "<${a[1]}$b>""#,
    r#"export X="a b"; bash -c 'echo "$X"'; export -n X; bash -c 'echo "<$X>"'"#,
    "function g { echo g $1; }; g 1; function h() { echo h; }; h",
    r"echo -e 'a\tb\nc' ; echo -ne 'x\c'; echo -E 'a\tb'; echo -nE y; echo -x",
    r#"printf -v v '%03d' 7; echo $v; printf '%q %q\n' 'a b' "it's"; printf '%q\n' $'a\nb'"#,
    "type -t echo if cat f nosuch; f() { :; }; type -t f; type cat >/dev/null && echo found",
    "shopt -s nullglob; echo nothing*; shopt -u nullglob; echo nothing*",
    "shopt -s dotglob; echo .h* *hidden",
    "case a in a) echo 1;& b) echo 2;; c) echo 3;; esac; case a in a) echo 1;;& *) echo 2;; esac",
    r#"echo ${x:-a  b} "${x:-a  b}" "${x:-"q  r"}"; y=1; echo "${y:+it's}""#,
    "echo $((1/0)); echo never",
    r"echo $((1/0)) ; echo never
echo next",
    r"echo ${x!y}; echo never
echo next",
    r"readonly r=1; r=2; echo never
echo next",
    "source ./lib.sh; greet x; . lib.sh; echo $from_lib",
    r#"x=$(<a.txt); echo "$x""#,
    "trap 'echo $?' EXIT; false",
    r#"echo "${a[@]}" "$@" end; printf '<%s>' "${a[@]}"; echo"#,
    r#"a=(x); printf '<%s>' "${a[@]:1}"; echo; echo "${#a}""#,
    r#"IFS=,; a=(1 2 3); echo "${a[*]}"; x="${a[*]}"; echo $x"#,
    r#"while IFS=: read -r k v; do echo "$k=$v"; done < b.txt"#,
    r#"while read -r line; do echo "$line"; done < <(cat a.txt | tail -n 1)"#,
    "n=0; while read -r _; do n=$((n+1)); done < a.txt; echo $n; ((n==3)) && echo three",
    "read -n 2 x <<< abcdef; echo $x; read -d : x < b.txt; echo $x",
    r#"if [[ "$(cat a.txt)" == *two* ]]; then echo has; fi"#,
    "x=; x+=a; x+=b; echo $x; a=(1); a+=2; echo ${a[0]}",
    r#"echo $'it\'s'; echo "a'b"'c"d'; echo "\`x\`"; echo "$((1+1))""#,
    r#"echo ${#} ${?} ${-:+flags}; echo "${!#}""#,
    "command -V echo; command -v cat >/dev/null; echo $?; builtin echo b; hash -r; echo $?",
    "set -euo pipefail; x=$(echo a | cat); echo $x; false | cat; echo never",
    "(set -e; false; echo in) ; echo $?; (set -e; false; echo in) || echo caught",
    "f() { echo to stderr >&2; }; f 2>/dev/null; f 2>&1 | cat",
    "echo ${BASH_VERSION%%.*} >/dev/null; echo $UID $EUID",
    "time_=1; echo $time_; pwd | wc -l; echo $SHLVL >/dev/null",
    "a=1; b=a; c=$b; echo $((b + 1)) $((c)); echo $((a ? 10 : 20)) $((a,2)) $((16#ff)) $((2#101))",
];

/// Texts that end a bash that is called `sh`, or mean something else to it.
const POSIX: &[&str] = &[
    "return 3 2>/dev/null; echo never",
    "break; echo $?; continue; echo $?",
    ". ./nosuch; echo never",
    "set -u; echo $x; echo never",
    "readonly r=1; r=2; echo never",
    ": > /no/such/file; echo never",
    "x=1 export y=2; echo $x",
    "x=1 :; echo $x",
    "echo $((1/0)); echo never",
    "f() { echo f; }; f; eval() { echo no; }; eval echo yes",
    r#"set -e; x=$(false; echo in); echo "<$x>""#,
];

/// Runs `text` by the real `program`, called `name`, in a fresh directory.
fn real(program: &str, name: &str, text: &str) -> (Seen, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let output = Process::new(program)
        .arg0(name)
        .args(["-c", text])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let killed = output.status.signal().map(|signal| 128 + signal);
    let seen = Seen {
        status: killed.or(output.status.code()).unwrap() as u8,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: plain(&String::from_utf8_lossy(&output.stderr)),
    };
    (seen, place)
}

/// Runs `text` by the simulated shell `name`, with the same files in the same place.
fn simulated(name: &str, text: &str, place: &Path) -> Seen {
    let start = Duration::from_secs(1_500_000_000);
    let mut machine = Machine::new("here", "10.0.0.1", 1 << 30, start);
    let root = Actor::root(start);
    for (name, content) in FILES {
        let path = place.join(name);
        machine.lay(path.to_str().unwrap(), Node::file(*content, start), &root);
    }
    let cluster = Arc::new(Cluster::new(vec![machine], start));
    let sim = Sim::new(&cluster, "here", false, None);
    let begin = format!("cd {} && exec {name} -c \"$TEXT\"", place.display());
    let command = Command::shell(begin, Effect::Reads)
        .env("TEXT", text)
        .timeout(Duration::from_secs(3600));
    match sim.output(&command) {
        Ok(output) => Seen {
            status: match output.exit {
                Exit::Status(status) => status,
                Exit::Signal(signal) => 128 + signal,
            },
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: plain(&String::from_utf8_lossy(&output.stderr)),
        },
        Err(failure) => Seen {
            status: 255,
            stdout: String::new(),
            stderr: failure.to_string(),
        },
    }
}

/// Compares `texts` on the real `program`, called `name`, with the simulated `name`; the messages
/// too, if `messages`.
fn agree(texts: &[&str], program: &str, name: &str, messages: bool) {
    let mut wrong = Vec::new();
    for text in texts {
        let (mut real, place) = real(program, name, text);
        let mut simulated = simulated(name, text, place.path());
        if !messages && simulated.status != 255 {
            real.stderr.clear();
            simulated.stderr.clear();
        }
        // What is wrong with a text, each says in its own words.
        if real.stderr.contains("syntax error") || real.stderr.contains("unexpected EOF") {
            assert!(!simulated.stderr.is_empty(), "{text}");
            simulated.stderr.clone_from(&real.stderr);
        }
        if real != simulated {
            wrong.push(format!(
                "{text}\n  {program}: {real:?}\n  simulated: {simulated:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        texts.len(),
        wrong.join("\n")
    );
}

#[test]
fn it_does_what_bash_does() {
    agree(&[PORTABLE, EITHER, BASH].concat(), "bash", "bash", true);
}

#[test]
fn it_does_what_bash_does_as_sh() {
    agree(&[PORTABLE, EITHER, POSIX].concat(), "bash", "sh", true);
}

#[test]
fn it_does_what_dash_does() {
    agree(PORTABLE, "dash", "sh", false);
}
