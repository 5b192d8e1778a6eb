//! A table of mistakes, one test each: what is said of it, and where.

use super::{Place, checked};

/// One test for each script with one mistake: its kind, where it is, and what is said of it.
macro_rules! mistakes {
    ($($name:ident: $script:expr, $severity:literal $kind:literal at $place:literal, $message:expr, $hint:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let place = Place::new();
                let (seen, data) = checked(&place, $script);
                let findings = data["findings"].as_array().expect("a list");
                assert_eq!(findings.len(), 1, "{data:#}");
                let finding = &findings[0];
                let at = format!("{}:{}", finding["line"], finding["column"]);
                assert_eq!(at, $place, "{finding:#}");
                assert_eq!(finding["file"], "test.rhai");
                assert_eq!(finding["kind"], $kind);
                assert_eq!(finding["severity"], $severity);
                assert_eq!(finding["message"], $message);
                assert_eq!(finding["hint"].as_str().unwrap_or_default(), $hint);
                assert_eq!(seen.status, if $severity == "error" { 2 } else { 0 });
            }
        )*
    };
}

mistakes! {
    a_function_that_does_not_exist:
        "note(\"a\");\nnotte(\"x\");\n",
        "error" "function" at "2:1", "function `notte`: does not exist", "did you mean `note`?";
    a_function_of_the_script_that_does_not_exist:
        "fn look_around() { 1 }\nlook_arond();\n",
        "error" "function" at "2:1", "function `look_arond`: does not exist", "did you mean `look_around`?";
    a_function_in_a_closure_in_a_function:
        "fn look() {\n    each(cluster::masters, |host| {\n        lokk(host)\n    })\n}\n",
        "error" "function" at "3:9", "function `lokk`: does not exist", "did you mean `lock`?";
    a_closure_that_is_called_like_a_function:
        "let twice = |x| 2 * x;\ntwice(2);\n",
        "error" "function" at "2:1", "function `twice`: does not exist",
        "`twice` is a variable: a closure in it is called with `twice.call(...)`";
    a_function_in_interpolated_text:
        "note(`it is ${nwo()}`);\n",
        "error" "function" at "1:15", "function `nwo`: does not exist", "did you mean `now`?";
    a_function_in_a_branch_that_is_never_taken:
        "if false {\n    notte(\"x\");\n}\n",
        "error" "function" at "2:5", "function `notte`: does not exist", "did you mean `note`?";
    a_function_pointer_to_nothing:
        "fn helper(x) { x }\n[1].map(Fn(\"helpr\"));\n",
        "error" "function" at "2:12", "function `helpr`: does not exist", "did you mean `helper`?";
    too_many_arguments:
        "note(\"a\", \"b\");\n",
        "error" "arguments" at "1:1", "function `note`: does not take 2 arguments",
        "it is called as `note(text: string)`";
    too_few_arguments:
        "phase(\"6.1 Look\");\n",
        "error" "arguments" at "1:1", "function `phase`: does not take 1 argument",
        "it is called as `phase(title: string, body: closure)`";
    too_many_arguments_of_the_scripts_own:
        "fn helper(a) { a }\nhelper(1, 2);\n",
        "error" "arguments" at "2:1", "function `helper`: does not take 2 arguments",
        "it is called as `helper(a)`";
    too_many_arguments_of_a_verb:
        "cluster::masters.systemctl.stop(\"etcd\", 3);\n",
        "error" "arguments" at "1:28", "verb `stop` of `systemctl`: does not take 2 arguments",
        "it is called as `systemctl.stop(units)`";
    a_method_that_no_type_has:
        "let texts = [\"a\"];\ntexts.pussh(\"b\");\n",
        "error" "function" at "2:7", "function `pussh`: does not exist", "did you mean `push`?";
    a_verb_that_does_not_exist:
        "let host = cluster::first_master;\nhost.systemctl.stopp(\"etcd\");\n",
        "error" "verb" at "2:16", "verb `stopp` of `systemctl`: does not exist", "did you mean `stop`?";
    a_verb_of_another_tool:
        "cluster::masters.systemctl.install(\"etcd\");\n",
        "error" "verb" at "1:28", "verb `install` of `systemctl`: does not exist",
        "`yum` has it: `host.yum.install`";
    a_tool_that_does_not_exist:
        "let host = cluster::first_master;\nhost.sytemctl.restart(\"etcd\");\n",
        "error" "property" at "2:6", "property `sytemctl`: does not exist", "did you mean `systemctl`?";
    a_property_of_the_host_of_a_step:
        "step(\"look\", cluster::nodes, |host| host.nam);\n",
        "error" "property" at "1:42", "property `nam` of a host: does not exist", "did you mean `name`?";
    a_property_of_a_group:
        "note(`${cluster::nodes.nmaes}`);\n",
        "error" "property" at "1:24", "property `nmaes` of a group: does not exist", "did you mean `names`?";
    a_property_of_a_host_of_a_group:
        "note(cluster::nodes[0].nmae);\n",
        "error" "property" at "1:24", "property `nmae` of a host: does not exist", "did you mean `name`?";
    a_group_that_does_not_exist:
        "note(`${cluster::mastres}`);\n",
        "error" "constant" at "1:9", "variable `cluster::mastres`: does not exist",
        "did you mean `cluster::masters`?";
    a_function_of_the_cluster:
        "note(cluster::hots(\"a\").name);\n",
        "error" "function" at "1:15", "function `cluster::hots`: does not exist",
        "did you mean `cluster::host`?";
    a_module_that_is_not_found:
        "import \"ocp/etdc\" as etcd;\n",
        "error" "module" at "1:8",
        "module `ocp/etdc`: does not exist; looked in the working directory, the shipped library",
        "did you mean `ocp/etcd`?";
    a_module_without_its_directory:
        "import \"etcd\" as etcd;\n",
        "error" "module" at "1:8",
        "module `etcd`: does not exist; looked in the working directory, the shipped library",
        "did you mean `ocp/etcd`?";
    a_module_that_leaves_its_directory:
        "import \"../tool\" as tool;\n",
        "error" "module" at "1:8", "module `../tool`: leaves its directory, which module names do not", "";
    a_module_that_is_not_imported:
        "import \"site/tool\" as tool;\ntol::look(1);\n",
        "error" "module" at "2:1", "module `tol`: does not exist", "did you mean `tool`?";
    a_module_that_is_not_imported_in_a_closure:
        "each(cluster::masters, |host| tool::look(host));\n",
        "error" "module" at "1:31", "module `tool`: does not exist", "";
    a_function_of_a_module:
        "import \"site/tool\" as tool;\ntool::lokk(1);\n",
        "error" "function" at "2:7", "function `tool::lokk`: does not exist", "did you mean `tool::look`?";
    a_function_of_a_module_with_too_many_arguments:
        "import \"site/tool\" as tool;\ntool::look(1, 2);\n",
        "error" "arguments" at "2:7", "function `tool::look`: does not take 2 arguments",
        "it is called as `look(host)`";
    a_private_function_of_a_module:
        "import \"site/tool\" as tool;\ntool::inner();\n",
        "error" "function" at "2:7", "function `tool::inner`: is private to `site/tool.rhai`", "";
    a_constant_of_a_module:
        "import \"site/tool\" as tool;\nnote(`${tool::LIMT}`);\n",
        "error" "constant" at "2:9", "constant `tool::LIMT`: does not exist", "did you mean `tool::LIMIT`?";
    a_constant_that_a_module_keeps_to_itself:
        "import \"site/tool\" as tool;\nnote(`${tool::HIDDEN}`);\n",
        "error" "constant" at "2:9", "constant `tool::HIDDEN`: `site/tool.rhai` does not export it",
        "write `export const HIDDEN` there";
    a_function_of_a_module_as_a_value:
        "import \"site/tool\" as tool;\neach(cluster::masters, tool::look);\n",
        "error" "constant" at "2:24", "`tool::look`: is a function, which is no value",
        "write a closure: `|x| tool::look(x)`";
    a_global_constant_that_does_not_exist:
        "const LIMIT = 3;\nfn look() { global::LIMT }\n",
        "error" "constant" at "2:13", "constant `global::LIMT`: does not exist",
        "did you mean `global::LIMIT`?";
    a_variable_as_a_global_constant:
        "let limit = 3;\nfn look() { global::limit }\n",
        "error" "constant" at "2:13", "constant `global::limit`: does not exist",
        "`let limit` is a variable, which functions do not see: write `const limit`";
    a_script_that_imports_itself:
        "import \"test\" as test;\n",
        "error" "circular_import" at "1:8", "circular import: `test.rhai` imports `test.rhai`",
        "move what both need into a module of its own";
    an_undefined_variable:
        "let count = 1;\nnote(`${coumt}`);\n",
        "error" "variable" at "2:9", "variable `coumt`: does not exist", "did you mean `count`?";
    an_undefined_variable_that_is_assigned:
        "conut = 1;\n",
        "error" "variable" at "1:1", "variable `conut`: does not exist", "";
    a_variable_before_it_is_declared:
        "note(word);\nlet word = \"x\";\n",
        "error" "variable" at "1:6", "variable `word`: does not exist",
        "it is declared further down, or in another block";
    an_undefined_variable_in_a_closure:
        "let count = 1;\nphase(\"6.1 Look\", || {\n    [1].map(|x| x + coumt)\n});\n",
        "error" "variable" at "3:21", "variable `coumt`: does not exist", "did you mean `count`?";
    a_variable_of_the_script_in_a_function:
        "let count = 1;\nfn look() { count }\n",
        "error" "variable" at "2:13", "variable `count`: does not exist",
        "functions do not see the script's variables: hand it over as an argument";
    a_constant_of_the_script_in_a_function:
        "const LIMIT = 1;\nfn look() { LIMIT }\n",
        "error" "variable" at "2:13", "variable `LIMIT`: does not exist",
        "functions see it as `global::LIMIT`";
    a_function_named_before_it_is_there:
        "[1].map(twice);\nfn twice(x) { x * 2 }\n",
        "error" "variable" at "1:9", "function `twice`: is defined further down",
        "move it up, or write a closure: `|x| twice(x)`";
    an_option_that_does_not_exist:
        "cluster::masters[0].run(\"true\", #{ chek: false });\n",
        "error" "option" at "1:36", "option `chek` of `run`: does not exist",
        "did you mean `check`? `run` takes `become`, `check`, `creates`, `detached`, `env`, `read_only`, \
         `stdin`, `timeout_secs`";
    an_option_of_a_step:
        "step(\"a\", cluster::masters, |host| 1, #{ seriel: true });\n",
        "error" "option" at "1:42", "option `seriel` of `step`: does not exist", "did you mean `serial`?";
    an_option_of_a_wait:
        "wait_for(\"etcd\", #{ timeout: 3 }, || true);\n",
        "error" "option" at "1:21", "option `timeout` of `wait_for`: does not exist",
        "did you mean `timeout_secs`? `wait_for` takes `every_secs`, `timeout_secs`";
    an_option_of_a_verb:
        "cluster::masters.yum.install(\"etcd\", #{ versoin: \"3\" });\n",
        "error" "option" at "1:41", "option `versoin` of `install`: does not exist",
        "did you mean `version`? `install` takes `disable_excludes`, `disable_repos`, `enable_repos`, \
         `from`, `lock_wait_secs`, `version`, `versions`";
    an_option_of_another_verb_of_the_same_name:
        "cluster::masters.yum.remove(\"etcd\", #{ recursive: true });\n",
        "error" "option" at "1:40", "option `recursive` of `remove`: does not exist",
        "`remove` takes `lock_wait_secs`";
    an_option_in_a_list:
        "cluster::masters.file.copy_all([#{ form: \"a\", to: \"b\" }]);\n",
        "error" "option" at "1:36", "option `form` of `copy_all`: does not exist",
        "did you mean `from`? `copy_all` takes `from`, `to`";
    a_setting_that_no_script_has:
        "param(\"version\", \"3.7\", \"What to install\");\nsettings(#{ verison: \"3.7.23\" });\n",
        "error" "option" at "2:13", "option `verison` of `settings`: does not exist",
        "did you mean `version`?";
    an_assignment_side_by_side:
        "let count = 0;\nstep(\"count\", cluster::nodes, |host| {\n    count += 1;\n});\n",
        "error" "captured_assignment" at "3:5",
        "variable `count`: is changed in a closure that runs for hosts side by side, on a copy: it stays as it was",
        "return a value instead: `each` and `step` return those of all hosts";
    an_assignment_to_a_part_of_a_variable:
        "let counts = #{};\neach(cluster::nodes, |host| { counts[host.name] = 1; });\n",
        "error" "captured_assignment" at "2:31",
        "variable `counts`: is changed in a closure that runs for hosts side by side, on a copy: it stays as it was",
        "return a value instead: `each` and `step` return those of all hosts";
    an_assignment_in_a_closure_within:
        "let count = 0;\neach(cluster::nodes, |host| {\n    [1].for_each(|x| count += x);\n});\n",
        "error" "captured_assignment" at "3:22",
        "variable `count`: is changed in a closure that runs for hosts side by side, on a copy: it stays as it was",
        "return a value instead: `each` and `step` return those of all hosts";
    a_list_that_grows_side_by_side:
        "let names = [];\neach(cluster::nodes, |host| names.push(host.name));\n",
        "error" "captured_assignment" at "2:29",
        "variable `names`: is changed in a closure that runs for hosts side by side, on a copy: it stays as it was",
        "return a value instead: `each` and `step` return those of all hosts";
    an_assignment_in_a_step_that_is_not_done_again:
        "let count = 0;\nstep(\"count\", || { count = 1; });\n",
        "warning" "captured_assignment" at "2:20",
        "variable `count`: is changed in a step, which `resume` does not do again: it stays as it was then",
        "return a value instead: the step's value is on record";
    a_variable_in_use:
        "let hosts = cluster::nodes;\nhosts.filter(|host| hosts.contains(host));\n",
        "error" "in_use" at "2:7",
        "a call of `filter`: its closure uses the variable `hosts` that it is called on",
        "use a copy inside the closure: `let copy = hosts;` and then `copy`";
    a_closure_with_too_many_parameters:
        "each(cluster::nodes, |host, number| 1);\n",
        "error" "arguments" at "1:22", "closure of `each`: has 2 parameters",
        "it is called with the host: `|host| ...`";
    a_closure_with_a_parameter_too_many:
        "phase(\"6.1 Look\", |host| 1);\n",
        "error" "arguments" at "1:19", "closure of `phase`: has 1 parameter",
        "it is called without any: `|| ...`";
    a_reserved_name:
        "let default = 1;\n",
        "error" "syntax" at "1:5", "name `default`: is a reserved word of the language",
        "choose another name";
    a_word_of_the_language_as_a_name:
        "let until = 1;\n",
        "error" "syntax" at "1:5", "name `until`: is a reserved word of the language", "choose another name";
    a_word_of_the_language_as_a_key:
        "let fault = #{ do: 1 };\n",
        "error" "syntax" at "1:16", "name `do`: is a reserved word of the language", "write it between quotes: `\"do\"`";
    a_statement_without_its_end:
        "note(\"a\")\nnote(\"b\");\n",
        "error" "syntax" at "2:1", "syntax: expecting ';' to terminate this statement",
        "end the statement before it with `;`";
    a_comment_that_is_not_closed:
        "note(\"a\"); /* one */\nlet path = \"/etc/*\";\n/* the rest\nnote(\"b\");\n",
        "error" "syntax" at "3:1", "comment: is not closed: the rest of the file is part of it",
        "close it with `*/`";
    an_open_brace_in_a_text_is_none:
        "let x = 1;\nif x { note(\"${x\"); }\n/* closed */ nowhere;\n",
        "error" "variable" at "3:14", "variable `nowhere`: does not exist", "";
    try_as_a_value:
        "let x = try { 1 } catch { 2 };\n",
        "error" "syntax" at "1:9", "syntax: unexpected 'try'",
        "`try` is a statement: assign a variable inside of its block";
    a_text_in_single_quotes:
        "note('abc');\n",
        "error" "syntax" at "1:6", "syntax: invalid character: 'abc'",
        "texts stand between double quotes, or backticks with `${...}`";
    a_function_that_hides_one_of_all_scripts:
        "fn warn(text) { text }\n",
        "warning" "name" at "1:4", "function `warn`: is called instead of the one that every script has",
        "give the script's function `warn` another name";
    a_function_that_goes_before_a_verb:
        "fn start() { 1 }\ncluster::first_etcd.etcd.start();\n",
        "error" "name" at "2:26",
        "method `start`: the script has a function of this name, which would be called instead",
        "give the script's function `start` another name";
    a_variable_with_the_name_of_a_function:
        "fn backups() { 1 }\nlet backups = 2;\n",
        "error" "name" at "2:5",
        "variable `backups`: the script has a function of this name, which closures would see instead",
        "give the variable `backups` another name";
    what_does_not_parse:
        "let x = ;\n",
        "error" "syntax" at "1:9", "syntax: unexpected ';'", "";
    eval_is_disabled:
        "eval(\"1\");\n",
        "error" "syntax" at "1:1", "syntax: reserved keyword 'eval' is disabled", "";
    a_text_that_is_not_interpolated:
        "let count = 1;\nnote(\"${count} hosts\");\n",
        "warning" "interpolation" at "2:6", "`${count}`: is plain text between double quotes",
        "write the text in backticks to put the value of `count` there";
    a_comparison_of_different_types:
        "if 1 == \"1\" { note(\"never\"); }\n",
        "warning" "comparison" at "1:6", "`==` of a number and a text: is always false",
        "compare values of one type: `parse_int(text)` and `to_string(number)` convert";
}
